import { refuse, type Refusal } from '../engine/model/refusal.ts';
import type { prepareLabelledDevices } from '../store/labelled_devices.ts';
import type { AssessmentPage, AssessmentQuery, AssessmentSummary } from '../store/port.ts';
import type { AssessedFleet } from './assessed_fleet.ts';
import { createTally, prepareMatches, type AssessedRow } from './assessed_host.ts';
import type { AssessedTexts, FoundDevice } from './assessed_texts.ts';
import { firstAfter } from './device_order.ts';
import type { Slices } from './assessor_slices.ts';
import { unpackError } from './thread_error.ts';

/** What a page is made of. */
export interface PageParts {
  readonly assessed: AssessedFleet;
  readonly slices: Slices;
  readonly labelled: ReturnType<typeof prepareLabelledDevices>;
  readonly texts: AssessedTexts;
  readonly oldestSeq: () => number;
}

/** Hosts beyond those that a page comes to that are assessed with it: a small fleet is told whole at once. */
export const AHEAD = 16;
/** Turns in which a page looks on for devices that a filter leaves: it is answered then as far as it came. */
export const TURNS_MAX = 40;

/** A place in the order of creation. */
type Place = readonly [key: number, host: string];

/** A query, and what it comes to: the places that it looks at, and which of their rows it takes. */
interface Asked {
  readonly query: AssessmentQuery;
  readonly isLastTurn: boolean;
  readonly placesAfter: (key: number) => Iterable<Place>;
  readonly matches: (row: AssessedRow) => boolean;
}

/**
 * Answers for the fleet what a removal of each device now would leave, in order of creation:
 *
 *   places after the last page ─> hosts not assessed? a batch of them ─> rows that match ─> their texts, with advice
 *                                     └ slice over: unfinished, and goes on from what is known in its next turn
 *
 * What is assessed is what the page comes to, and a few hosts more; the rest is `pending` in the summary (AS11).
 */
export function pageOf(
  parts: PageParts,
  query: AssessmentQuery,
  turn: number,
): AssessmentPage | Refusal | 'unfinished' {
  const { assessed } = parts;
  const { host, dax_device } = query.filters;
  const missing = host === undefined ? null : refusesNames(assessed, host, dax_device);
  if (missing !== null) return missing;
  const sets = (query.labels ?? []).map(parts.labelled);
  const asked: Asked = {
    query,
    isLastTurn: turn >= TURNS_MAX,
    placesAfter: (key) => placesAfter(assessed, host, sets, key),
    matches: prepareMatches(query, sets),
  };
  const found = walk(parts, asked);
  const items = found === null ? null : textsOf(parts, asked, found.devices);
  if (found === null || items === null) return 'unfinished';
  if (host === undefined) assessed.assess(assessed.hosts.pending(AHEAD));
  return {
    items,
    last: found.last,
    as_of: assessed.seen(),
    oldest_seq: parts.oldestSeq(),
    summary: summaryOf(assessed, asked),
  };
}

/**
 * A misspelt name would look like a fleet without danger: a host, or a device of a named host, has to be there. Who asks
 * of one host alone gets its fault.
 */
function refusesNames(assessed: AssessedFleet, host: string, dax_device: string | undefined): Refusal | null {
  if (assessed.hosts.find(host)?.rows === null) assessed.assess([host]);
  const rows = assessed.hosts.find(host)?.rows ?? null;
  if (rows === null) return refuse('host_not_found', `there is no host ${host}`, { pointer: '/host' });
  const fault = assessed.faults.get(host);
  if (fault !== undefined) throw unpackError(fault.error);
  if (dax_device === undefined || rows.some((row) => row.dax_device === dax_device)) return null;
  return refuse('dax_device_not_found', `there is no dax device ${dax_device}`, { pointer: '/dax_device' });
}

/** Only those of a host, or with the labels, where these are asked for. */
function placesAfter(
  { hosts: { order, find } }: AssessedFleet,
  host: string | undefined,
  [labelled, ...others]: readonly ReadonlySet<number>[],
  after: number,
): Iterable<Place> {
  if (host === undefined && labelled === undefined) return order.after(after);
  const keys = host === undefined ? [...labelled!].sort((a, b) => a - b) : find(host)!.keys;
  const sets = labelled === undefined ? [] : [labelled, ...others];
  return keys
    .filter((key) => key > after && sets.every((having) => having.has(key)))
    .map((key) => [key, order.hostOf(key)!]);
}

interface Found {
  readonly devices: readonly FoundDevice[];
  /** The last that was looked at, where others follow; null at the end. */
  readonly last: number | null;
}

/** Devices for a page; null where the slice is over and another turn is to come. */
function walk({ assessed, slices }: PageParts, asked: Asked): Found | null {
  const { limit, after = 0 } = asked.query;
  const devices: FoundDevice[] = [];
  let last = after;
  for (const [key, name] of asked.placesAfter(after)) {
    if (assessed.hosts.find(name)!.rows === null) {
      if (slices.isOver()) return asked.isLastTurn ? { devices, last } : null;
      const names = upcoming(assessed, asked.placesAfter(key - 1), limit - devices.length, slices.batch());
      slices.work(names.length, () => assessed.assess(names));
    }
    const known = assessed.hosts.find(name)!;
    const row = known.rows![firstAfter(known.keys, key - 1)];
    if (row !== undefined && asked.matches(row)) {
      if (devices.length === limit) return { devices, last };
      devices.push({ name, known, row });
    }
    last = key;
  }
  return { devices, last: null };
}

/** Hosts of the next places that are to be assessed: no more than what a page lacks of devices. */
function upcoming(
  assessed: AssessedFleet,
  places: Iterable<Place>,
  lacking: number,
  most: number,
): readonly string[] {
  const names = new Set<string>();
  let looked = 0;
  for (const [, name] of places) {
    if (assessed.hosts.find(name)!.rows === null) names.add(name);
    looked += 1;
    if (looked >= lacking || names.size === most) break;
  }
  return [...names];
}

/** The rows serialised; null where the slice is over and another turn is to come. */
function textsOf(
  { texts, slices }: PageParts,
  { isLastTurn }: Asked,
  devices: readonly FoundDevice[],
): string[] | null {
  const items: string[] = [];
  for (const device of devices) {
    if (texts.has(device)) items.push(texts.of(device));
    else if (slices.isOver() && !isLastTurn) return null;
    else items.push(slices.work(1, () => texts.of(device)));
  }
  return items;
}

/** Counts of all that match and are assessed, over all pages. */
function summaryOf(assessed: AssessedFleet, { query, matches }: Asked): AssessmentSummary {
  const { host, ...others } = query.filters;
  const not_assessed = [...assessed.faults.values()].reduce((sum, { dax_devices }) => sum + dax_devices, 0);
  const pending = host === undefined ? assessed.hosts.pendingDevices() : 0;
  const isAll = host === undefined && Object.keys(others).length === 0 && (query.labels ?? []).length === 0;
  if (isAll) return { ...assessed.hosts.tally(), not_assessed, pending };
  const tally = createTally();
  const hosts = host === undefined ? assessed.hosts.all() : [assessed.hosts.find(host)!];
  for (const { rows } of hosts) tally.add((rows ?? []).filter(matches));
  return { ...tally.now(), not_assessed, pending };
}
