import type { Host } from '../model/host.ts';
import type { StepParameters, StepRecord } from '../model/removal.ts';
import { profileOf } from './of_host.ts';
import { ifKnown } from './unsettled.ts';

type Name = keyof StepParameters;

/** Those parameters of a step that are known when a removal begins: the removal keeps them. */
export function knownParameters(parameters: StepParameters): StepParameters {
  const known = namesOf(parameters).map((name) => [name, ifKnown(() => parameters[name])] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== null && value !== undefined));
}

/**
 * The parameters that a step takes: those that the removal began with. Of a host's kernel that is no profile, those that
 * were not known then are looked up where the step needs them.
 */
export function parametersOf(host: Host, { name, parameters }: StepRecord): StepParameters {
  const { parametersOfStep } = profileOf(host);
  if (parametersOfStep === undefined) return parameters;
  return Object.create(
    parametersOfStep(name),
    Object.getOwnPropertyDescriptors(parameters),
  ) as StepParameters;
}

function namesOf(parameters: StepParameters): Name[] {
  return Object.keys(parameters) as Name[];
}
