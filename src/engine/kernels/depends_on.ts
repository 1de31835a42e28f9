import { agree } from '../model/agree.ts';
import type { DependsOn, DependsOnValue } from '../model/depends_on.ts';
import { isRefusal } from '../model/refusal.ts';
import type { Choice } from './unsettled.ts';
import type { World, Worlds } from './worlds.ts';

type Told = Omit<DependsOnValue, 'value'>;

/** Pointers that are named of what differs. */
const DIFFERS_MAX = 10;

/**
 * The choices that make outcomes differ, each with what comes of its values. A choice does where another value of it
 * alone leads to another outcome. Where not all ways were tried, every choice that was met is named, without outcomes.
 */
export function dependsOn({ choices, tried, complete }: Worlds<unknown>): readonly DependsOn[] {
  if (!complete) return choices.map((choice) => named(choice, () => ({})));
  const worlds = classified(tried);
  const deciding = choices.filter((choice) => decides(choice, worlds));
  return deciding.map((choice) =>
    named(choice, (at) => {
      const [these, others] = [isThat(at), isOther(at)].map((holds) =>
        worlds.filter(({ assumed }) => holds(assumed.get(choice.id))).map(({ outcome }) => outcome),
      );
      return { ...toldOf(these!), ...differing([...these!, ...others!]) };
    }),
  );
}

/** Where a choice was not met, any value of it is as good. */
const isThat = (at: number) => (assumed: number | undefined) => assumed === undefined || assumed === at;
const isOther = (at: number) => (assumed: number | undefined) => assumed !== undefined && assumed !== at;

function named(choice: Choice, told: (at: number) => Told): DependsOn {
  const { id, facts, probes, values } = choice;
  return {
    change: id,
    fact: facts[0]!,
    facts,
    probes,
    values: values.map(({ label }, at) => ({ value: label, ...told(at) })),
  };
}

interface Classified extends World<unknown> {
  /** The same for outcomes that are equal in every member. */
  readonly kind: number;
}

function classified(tried: readonly World<unknown>[]): Classified[] {
  const kinds: string[] = [];
  return tried.map((world) => {
    const text = JSON.stringify(world.outcome, compared);
    const known = kinds.indexOf(text);
    return { ...world, kind: known === -1 ? kinds.push(text) - 1 : known };
  });
}

/** What makes no two outcomes of one, as agree() has it. */
function compared(member: string, value: unknown): unknown {
  return member === 'revision' || member === 'depends_on' ? undefined : value;
}

/** Whether two worlds that differ in this choice alone have different outcomes. */
function decides({ id }: Choice, worlds: readonly Classified[]): boolean {
  return worlds.some((one) =>
    worlds.some((other) => one.kind !== other.kind && differsInOnly(id, one.assumed, other.assumed)),
  );
}

function differsInOnly(
  id: string,
  one: World<unknown>['assumed'],
  other: World<unknown>['assumed'],
): boolean {
  const differing = [...one].filter(([choice, at]) => other.has(choice) && other.get(choice) !== at);
  return differing.length === 1 && differing[0]![0] === id;
}

/** Of what the answer says, where that differs: else of what is stored, behind its kind and id. */
function differing(outcomes: readonly unknown[]): Told {
  const { left_out, conflicts } = agree(outcomes);
  const all = [...conflicts, ...left_out];
  const within = (head: string): string[] =>
    all.filter((pointer) => pointer.startsWith(`${head}/`)).map((pointer) => pointer.slice(head.length));
  const [answered, stored] = [within('/answer'), within('/records')];
  const differs = answered.length > 0 ? answered : stored.length > 0 ? stored : all;
  return { differs: differs.slice(0, DIFFERS_MAX) };
}

/** What several outcomes have in common: of the words that say how it ends, `undetermined` where they have not. */
function toldOf(outcomes: readonly unknown[]): Told {
  const each = outcomes.map(tellOne);
  const [first = {}, ...others] = each;
  const members = [...new Set(each.flatMap((told) => Object.keys(told)))] as (keyof Told)[];
  const told = members.flatMap((member): [string, unknown][] => {
    const text = JSON.stringify(first[member]);
    if (others.every((other) => JSON.stringify(other[member]) === text)) return [[member, first[member]]];
    return member === 'state' || member === 'verdict' || member === 'result'
      ? [[member, 'undetermined']]
      : [];
  });
  return Object.fromEntries(told);
}

type Members = Readonly<Record<string, unknown>>;

/** The head of an outcome of any kind. */
function tellOne(outcome: unknown): Told {
  if (isRefusal(outcome)) {
    const { code, errno } = outcome;
    return { refused: code, ...(errno === undefined ? {} : { errno }) };
  }
  const told = headOf(outcome);
  if ('verdict' in told) {
    const { state, verdict, hazards } = told as Omit<Told, 'hazards'> & {
      readonly hazards?: readonly Members[];
    };
    const kinds = hazards === undefined ? {} : { hazards: [...new Set(hazards.map(({ kind }) => kind))] };
    return { state, verdict, ...kinds } as Told;
  }
  if ('reach' in told) {
    const { oops, livelock } = told as { readonly [Does in 'oops' | 'livelock']: readonly string[] };
    return { triggered_by: [...new Set([...oops, ...livelock])] };
  }
  if (!('kernel_oopses' in told)) return {};
  const { result, errno, signal } = told;
  const kernel_oopses = (told['kernel_oopses'] as readonly Members[]).map(({ at }) => at);
  return { result, errno, signal, kernel_oopses } as Told;
}

/** An answer, or the first removal of those in it. */
function headOf(outcome: unknown): Members {
  if (typeof outcome !== 'object' || outcome === null) return {};
  const { removals, answer } = outcome as {
    readonly removals?: readonly Members[];
    readonly answer?: unknown;
  };
  if (answer !== undefined) return headOf(answer);
  return removals?.[0] ?? (outcome as Members);
}
