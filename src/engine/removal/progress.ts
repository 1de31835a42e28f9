import { definedOnly } from '../model/defined_only.ts';
import type { Host } from '../model/host.ts';
import { mappingsOfDevice } from '../model/lookup.ts';
import type { RemovalProgress, RemovalRecord } from '../model/removal.ts';

type Told = { readonly progress: RemovalProgress };

/** How far a removal is, at a step of it: by default the first that is not done. */
export function progressOf(
  { steps, report: { pages, pages_waited_for } }: RemovalRecord,
  more: Partial<RemovalProgress> = {},
  at = steps.findIndex(({ state }) => state !== 'done'),
): Told {
  const step = steps[at]?.name;
  const position = at === -1 ? steps.length : at + 1;
  const named = step === undefined ? {} : { step };
  const held = definedOnly({ pages_waited_for });
  const steps_done = steps.filter(({ state }) => state === 'done').length;
  return { progress: { ...named, position, steps: steps.length, steps_done, ...more, pages, ...held } };
}

/** The names of its steps. */
export function stepNames({ steps }: RemovalRecord): Pick<RemovalProgress, 'step_names'> {
  return { step_names: steps.map(({ name }) => name) };
}

/** Whom it waits for. */
export function waitedFor({ waiting_on }: RemovalRecord): Pick<RemovalProgress, 'waiting_on'> {
  const pids = [...new Set(waiting_on.map(({ pid }) => pid))].slice(0, PIDS_MAX);
  return { waiting_on: { count: waiting_on.length, pids } };
}

const PIDS_MAX = 100;

/** Entries that are there: each mapping's record has its own. */
export function presentOn(host: Host, dax_device: string): Pick<RemovalProgress, 'present'> {
  const present = { pte: 0, pmd: 0, pud: 0 };
  for (const mapping of mappingsOfDevice(host, dax_device)) {
    present.pte += mapping.present.pte;
    present.pmd += mapping.present.pmd;
    present.pud += mapping.present.pud;
  }
  return { present };
}

/** The data of an event of a removal that is told at its end at once: of its steps nobody knows. */
export function withoutProgress({ progress: _, ...data }: Readonly<Record<string, unknown>>): typeof data {
  return data;
}
