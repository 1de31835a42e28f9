import type { Host } from '../engine/model/host.ts';
import { refuse, type Refusal } from '../engine/model/refusal.ts';
import { adviceOn, assessHost } from '../engine/questions/assess.ts';
import type { IdleVerdicts } from '../engine/questions/idle.ts';
import { isHarmless } from '../engine/questions/impact.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { Connection } from '../store/connection.ts';
import { prepareFleet, type Fleet, type LoadedHost } from '../store/load_fleet.ts';
import type { AssessmentPage, AssessmentQuery, AssessmentSummary } from '../store/port.ts';

interface Row {
  readonly key: number;
  readonly assessment: Assessment;
  /** With its advice, once a page has shown it. */
  text: string | null;
}

/** Prepares assessing the fleet of a database, each time as it is committed then. */
export function prepareAssess(db: Connection): (query: AssessmentQuery) => AssessmentPage | Refusal {
  const assess = createAssessor(prepareFleet(db));
  // In one transaction, so that every host and as_of are of the same state.
  return db.transaction((query: AssessmentQuery) => assess(query));
}

/**
 * Answers for the fleet what a removal of each device now would leave. A host is assessed anew when an event
 * concerned it; advice is worked out for the rows of the page that is asked for, and kept.
 */
function createAssessor(fleet: Fleet): (query: AssessmentQuery) => AssessmentPage | Refusal {
  const rowsOf = new Map<string, readonly Row[]>();
  const idle: IdleVerdicts = new Map();
  let seen = 0;
  let rows: readonly Row[] = [];
  const refresh = (): ReadonlyMap<string, LoadedHost> => {
    const last = fleet.lastSeq();
    if (last === seen) return new Map();
    const changed = seen === 0 ? null : fleet.changedSince(seen);
    const loaded = fleet.load(changed);
    for (const name of changed ?? []) rowsOf.delete(name);
    for (const [name, { host, keys }] of loaded) rowsOf.set(name, assessedRows(host, keys, idle));
    rows = [...rowsOf.values()].flat().sort((a, b) => a.key - b.key);
    seen = last;
    return loaded;
  };
  return (query) => {
    const { limit, after = 0, filters } = query;
    const loaded = refresh();
    const missing = refusesNames(rowsOf, filters);
    if (missing !== null) return missing;
    const asked = Object.entries(filters);
    const matching = rows.filter(({ assessment }) =>
      asked.every(([field, value]) => assessment[field as keyof AssessmentQuery['filters']] === value),
    );
    const rest = matching.filter(({ key }) => key > after);
    const page = rest.slice(0, limit);
    return {
      items: textsOf(page, fleet, loaded),
      last: rest.length > limit ? (page.at(-1)?.key ?? null) : null,
      as_of: seen,
      summary: sumUp(matching),
    };
  };
}

/** A misspelt name would look like a fleet without danger: a host, or a device of a named host, has to be there. */
function refusesNames(
  rowsOf: ReadonlyMap<string, readonly Row[]>,
  { host, dax_device }: AssessmentQuery['filters'],
): Refusal | null {
  if (host === undefined) return null;
  const rows = rowsOf.get(host);
  if (rows === undefined) return refuse('host_not_found', `there is no host ${host}`, { pointer: '/host' });
  if (dax_device === undefined || rows.some(({ assessment }) => assessment.dax_device === dax_device))
    return null;
  return refuse('dax_device_not_found', `there is no dax device ${dax_device}`, { pointer: '/dax_device' });
}

function assessedRows(host: Host, keys: ReadonlyMap<string, number>, idle: IdleVerdicts): Row[] {
  return assessHost(host, idle).map((assessment) => {
    return { key: keys.get(assessment.dax_device) ?? 0, assessment, text: null };
  });
}

/** The rows serialised; those that need advice get it from their host, loaded again where it has been let go. */
function textsOf(page: readonly Row[], fleet: Fleet, loaded: ReadonlyMap<string, LoadedHost>): string[] {
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

function needsAdvice({ text, assessment }: Row): boolean {
  if (text !== null || assessment.refused !== null) return false;
  return assessment.verdict !== 'contained' || hasImpact(assessment);
}

function hasImpact({ impact }: Assessment): boolean {
  return impact !== null && !isHarmless(impact);
}

function sumUp(rows: readonly Row[]): AssessmentSummary {
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
  };
  for (const { assessment } of rows) {
    if (hasImpact(assessment)) summary.with_impact += 1;
    if (assessment.residue.pages > 0) summary.with_residue += 1;
    if (assessment.holders === 'not_told') summary.not_told += 1;
    if (assessment.state === 'stuck') summary.stuck += 1;
    summary[assessment.verdict ?? (assessment.state === 'waiting' ? 'waiting' : 'refused')] += 1;
  }
  return summary;
}
