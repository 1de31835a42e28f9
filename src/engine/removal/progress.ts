import { definedOnly } from '../model/defined_only.ts';
import type { Host } from '../model/host.ts';
import { mappingsOfDevice } from '../model/lookup.ts';
import type { PagesWaitedFor, RemovalRecord } from '../model/removal.ts';

/**
 * What an event of a removal tells of how far it is, for who follows it by its events: nothing is computed from it, and
 * where several courses are possible it makes no difference between them.
 */
interface Progress {
  /** The step that is done, or that it rests at; absent where none is left. */
  readonly step?: string;
  /** That step's place, from 1 on; the number of steps where none is left. */
  readonly position: number;
  readonly steps: number;
  /** All of them, as it begins. */
  readonly step_names?: readonly string[];
  /** As the report has them so far. */
  readonly pages: RemovalRecord['report']['pages'];
  /** Entries in mappings of the device now, by size: told where a step has changed something. */
  readonly present?: { readonly pte: number; readonly pmd: number; readonly pud: number };
  /** Pins that it waits for, and whose they are, the first 100. */
  readonly waiting_on?: { readonly count: number; readonly pids: readonly number[] };
  /** As the report has them: once it has waited. */
  readonly pages_waited_for?: PagesWaitedFor;
}

type Told = { readonly progress: Progress };

/** How far a removal is, at a step of it: by default the first that is not done. */
export function progressOf(
  { steps, report: { pages, pages_waited_for } }: RemovalRecord,
  more: Partial<Progress> = {},
  at = steps.findIndex(({ state }) => state !== 'done'),
): Told {
  const step = steps[at]?.name;
  const position = at === -1 ? steps.length : at + 1;
  const named = step === undefined ? {} : { step };
  const held = definedOnly({ pages_waited_for });
  return { progress: { ...named, position, steps: steps.length, ...more, pages, ...held } };
}

/** The names of its steps. */
export function stepNames({ steps }: RemovalRecord): Pick<Progress, 'step_names'> {
  return { step_names: steps.map(({ name }) => name) };
}

/** Whom it waits for. */
export function waitedFor({ waiting_on }: RemovalRecord): Pick<Progress, 'waiting_on'> {
  const pids = [...new Set(waiting_on.map(({ pid }) => pid))].slice(0, PIDS_MAX);
  return { waiting_on: { count: waiting_on.length, pids } };
}

const PIDS_MAX = 100;

/** Entries that are there: each mapping's record has its own. */
export function presentOn(host: Host, dax_device: string): Pick<Progress, 'present'> {
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
