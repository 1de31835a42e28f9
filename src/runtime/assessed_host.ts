import type { HazardKind } from '../engine/model/hazard_kind.ts';
import { isHarmless } from '../engine/questions/impact.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { AssessmentQuery, AssessmentSummary } from '../store/port.ts';

/** What is remembered of one device: what it is counted and found by. Its text is made for a page. */
export interface AssessedRow
  extends Pick<Assessment, 'dax_device' | 'mode' | 'kernel' | 'tenant' | 'verdict' | 'state' | 'holders'> {
  /** Its place in order of creation. */
  readonly key: number;
  /** Kinds of its hazards; rows that have the same share one list. */
  readonly hazards: readonly HazardKind[];
  /** Under what it counts, each once. */
  readonly counts: readonly Count[];
}

/** What the summary counts of the devices that are assessed. */
export type Tally = Omit<AssessmentSummary, 'not_assessed' | 'pending'>;
type Count = keyof Tally;

const NOTHING: Tally = {
  devices: 0,
  contained: 0,
  exposed: 0,
  unsafe: 0,
  leaked: 0,
  undetermined: 0,
  waiting: 0,
  refused: 0,
  stuck: 0,
  with_impact: 0,
  with_residue: 0,
  not_told: 0,
  unknown: 0,
};

/** Lists that many rows have, by their texts: a fleet has few of them. */
const lists = new Map<string, readonly string[]>();

function shared<Word extends string>(words: readonly Word[]): readonly Word[] {
  const text = words.join();
  const known = lists.get(text) ?? words;
  lists.set(text, known);
  return known as readonly Word[];
}

/** What is remembered of an assessment. */
export function rowOf(key: number, assessment: Assessment): AssessedRow {
  const { dax_device, mode, kernel, tenant, verdict, state, holders } = assessment;
  const hazards = shared(assessment.hazards.map(({ kind }) => kind));
  const counts = shared(countsOf(assessment));
  return { key, dax_device, mode, kernel, tenant, verdict, state, holders, hazards, counts };
}

function countsOf(assessment: Assessment): Count[] {
  const { residue, holders, unknown, state, verdict } = assessment;
  const counts: Count[] = ['devices', verdict ?? (state === 'waiting' ? 'waiting' : 'refused')];
  if (hasImpact(assessment)) counts.push('with_impact');
  if (residue.pages > 0) counts.push('with_residue');
  if (holders === 'not_told') counts.push('not_told');
  if (unknown !== undefined) counts.push('unknown');
  if (state === 'stuck') counts.push('stuck');
  return counts;
}

/** Whether a removal now would harm somebody. */
export function hasImpact({ impact }: Assessment): boolean {
  return impact !== null && !isHarmless(impact);
}

/** Counts that rows come to and leave, in place: what a host's change costs is what that host has. */
export function createTally(): {
  readonly add: (rows: readonly AssessedRow[]) => void;
  readonly subtract: (rows: readonly AssessedRow[]) => void;
  readonly now: () => Tally;
} {
  const tally = { ...NOTHING };
  const change = (rows: readonly AssessedRow[], by: 1 | -1): void => {
    for (const { counts } of rows) for (const count of counts) tally[count] += by;
  };
  return {
    add: (rows) => change(rows, 1),
    subtract: (rows) => change(rows, -1),
    now: () => ({ ...tally }),
  };
}

/** Whether a row is one of those that a query asks for; `host` is not asked of it. */
export function prepareMatches(
  { filters }: AssessmentQuery,
  labelled: readonly ReadonlySet<number>[],
): (row: AssessedRow) => boolean {
  const { hazard, host: _host, ...fields } = filters;
  const asked = Object.entries(fields);
  return (row) =>
    labelled.every((having) => having.has(row.key)) &&
    asked.every(([field, value]) => row[field as keyof typeof fields] === value) &&
    (hazard === undefined || row.hazards.includes(hazard));
}
