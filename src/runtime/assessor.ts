import { refuse, type Refusal } from '../engine/model/refusal.ts';
import { adviceOn } from '../engine/questions/assess.ts';
import { isHarmless } from '../engine/questions/impact.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { Connection } from '../store/connection.ts';
import { prepareCounts } from '../store/count_fleet.ts';
import type { FleetCounts, RecordCounts } from '../store/fleet_counts.ts';
import { prepareLabelledDevices } from '../store/labelled_devices.ts';
import { prepareFleet, type Fleet, type LoadedHost } from '../store/load_fleet.ts';
import type { AssessmentPage, AssessmentQuery, AssessmentSummary } from '../store/port.ts';
import {
  createAssessedFleet,
  type AssessedFleet,
  type AssessedRow,
  type HostFault,
} from './assessed_fleet.ts';
import { unpackError } from './thread_error.ts';

/** What the assessor is asked: a page of assessments, or the counts of the fleet. */
export type AssessorJob = AssessmentQuery | 'count_fleet';

/** What the assessor answers, and which hosts it could not assess since it was last asked. */
export interface Assessed<Answer = AssessmentPage | Refusal | FleetCounts> {
  readonly answer: Answer;
  readonly faults: readonly HostFault[];
}

/** Hosts that the counts of the fleet assess at most in one call: others, and the next pages, wait for it. */
const COUNT_ASSESSES_MAX = 64;

/** Prepares assessing the fleet of a database, each time as it is committed then. */
export function prepareAssess(db: Connection): (job: AssessorJob) => Assessed {
  const fleet = prepareFleet(db);
  const assessed = createAssessedFleet(fleet);
  const count = prepareCounts(db);
  const labelled = prepareLabelledDevices(db);
  const told = new WeakSet<HostFault>();
  // In one transaction, so that every host and as_of are of the same state.
  return db.transaction((job: AssessorJob): Assessed => {
    const answer =
      job === 'count_fleet' ? countFleet(count(), assessed) : pageOf({ fleet, assessed, labelled }, job);
    const faults = assessed.faults().filter((fault) => !told.has(fault));
    for (const fault of faults) told.add(fault);
    return { answer, faults };
  });
}

/** What a page is made of. */
interface Parts {
  readonly fleet: Fleet;
  readonly assessed: AssessedFleet;
  readonly labelled: ReturnType<typeof prepareLabelledDevices>;
}

/**
 * Answers for the fleet what a removal of each device now would leave. A host is assessed anew when an event
 * concerned it; advice is worked out for the rows of the page that is asked for, and kept.
 */
function pageOf({ fleet, assessed, labelled }: Parts, query: AssessmentQuery): AssessmentPage | Refusal {
  const { limit, after = 0, filters, labels = [] } = query;
  const loaded = assessed.catchUp(Number.POSITIVE_INFINITY);
  const missing = refusesNames(assessed, filters);
  if (missing !== null) return missing;
  const { hazard, ...fields } = filters;
  const asked = Object.entries(fields);
  const keys = labels.map(labelled);
  const matching = assessed
    .rows()
    .filter(
      ({ key, assessment }) =>
        keys.every((having) => having.has(key)) &&
        asked.every(([field, value]) => assessment[field as keyof typeof fields] === value) &&
        (hazard === undefined || assessment.hazards.some(({ kind }) => kind === hazard)),
    );
  const rest = matching.filter(({ key }) => key > after);
  const page = rest.slice(0, limit);
  return {
    items: textsOf(page, fleet, loaded),
    last: rest.length > limit ? (page.at(-1)?.key ?? null) : null,
    as_of: assessed.seen(),
    summary: { ...sumUp(matching), not_assessed: notAssessed(assessed) },
  };
}

/** Counts of what is there, and of what a removal of each device now would leave where that is known. */
function countFleet(counts: RecordCounts, assessed: AssessedFleet): FleetCounts {
  assessed.catchUp(COUNT_ASSESSES_MAX);
  const rows = assessed.rows();
  const { contained, leaked, unsafe, exposed, undetermined, waiting, refused } = sumUp(rows);
  const not_assessed = counts.dax_devices.total - rows.length;
  const verdict = { contained, leaked, unsafe, exposed, undetermined, waiting, refused, not_assessed };
  return { ...counts, dax_devices: { ...counts.dax_devices, verdict }, as_of: assessed.seen() };
}

/**
 * A misspelt name would look like a fleet without danger: a host, or a device of a named host, has to be there. Who asks
 * of one host alone gets its fault.
 */
function refusesNames(
  assessed: AssessedFleet,
  { host, dax_device }: AssessmentQuery['filters'],
): Refusal | null {
  if (host === undefined) return null;
  const rows = assessed.rowsOf(host);
  if (rows === undefined) return refuse('host_not_found', `there is no host ${host}`, { pointer: '/host' });
  const fault = assessed.faults().find((each) => each.host === host);
  if (fault !== undefined) throw unpackError(fault.error);
  if (dax_device === undefined || rows.some(({ assessment }) => assessment.dax_device === dax_device))
    return null;
  return refuse('dax_device_not_found', `there is no dax device ${dax_device}`, { pointer: '/dax_device' });
}

/** The rows serialised; those that need advice get it from their host, loaded again where it has been let go. */
function textsOf(
  page: readonly AssessedRow[],
  fleet: Fleet,
  loaded: ReadonlyMap<string, LoadedHost>,
): string[] {
  const names = page.filter(needsAdvice).map(({ assessment }) => assessment.host);
  const missing = [...new Set(names)].filter((name) => !loaded.has(name));
  const hosts = new Map([...loaded, ...(missing.length === 0 ? [] : fleet.load(missing))]);
  return page.map((row) => {
    const { assessment } = row;
    const host = hosts.get(assessment.host)?.host;
    const advice = needsAdvice(row) && host !== undefined ? adviceOn(host, assessment.dax_device) : [];
    return (row.text ??= JSON.stringify({ ...assessment, advice }));
  });
}

function notAssessed(assessed: AssessedFleet): number {
  return assessed.faults().reduce((sum, { dax_devices }) => sum + dax_devices, 0);
}

function needsAdvice({ text, assessment }: AssessedRow): boolean {
  if (text !== null) return false;
  const { superblocks, pages } = assessment.residue;
  if (superblocks > 0 || pages > 0) return true;
  // Where no removal can begin, of what an earlier one has left.
  if (assessment.refused !== null) return assessment.state !== null;
  return assessment.verdict !== 'contained' || assessment.hazards.length > 0 || hasImpact(assessment);
}

function hasImpact({ impact }: Assessment): boolean {
  return impact !== null && !isHarmless(impact);
}

function sumUp(rows: readonly AssessedRow[]): Omit<AssessmentSummary, 'not_assessed'> {
  const summary = {
    devices: rows.length,
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
  for (const { assessment } of rows) {
    if (hasImpact(assessment)) summary.with_impact += 1;
    if (assessment.residue.pages > 0) summary.with_residue += 1;
    if (assessment.holders === 'not_told') summary.not_told += 1;
    if (assessment.unknown !== undefined) summary.unknown += 1;
    if (assessment.state === 'stuck') summary.stuck += 1;
    summary[assessment.verdict ?? (assessment.state === 'waiting' ? 'waiting' : 'refused')] += 1;
  }
  return summary;
}
