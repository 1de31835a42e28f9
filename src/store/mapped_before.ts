import type { Host } from '../engine/model/host.ts';
import { pfnList, addPfns, rangesIn, setOf, type PfnSet } from '../engine/model/pfn_set.ts';
import type { Connection } from './connection.ts';
import { keyOfHost } from './host_key.ts';
import { behindNumber, NUMBER_BYTES_MAX, numberAt, putNumber } from './varint.ts';

/** What was mapped when a removal began, packed: of each range the pages between it and the one before, and its own. */
export function packPfns(set: PfnSet): Buffer {
  const bytes = Buffer.allocUnsafe(rangesIn(set) * 2 * NUMBER_BYTES_MAX);
  let length = 0;
  let end = 0;
  for (let at = 0; at < set.length; at += 2) {
    const pfn = set[at]!;
    const nr_pages = set[at + 1]!;
    length = putNumber(bytes, length, pfn - end);
    length = putNumber(bytes, length, nr_pages);
    end = pfn + nr_pages;
  }
  return Buffer.from(bytes.subarray(0, length));
}

function unpackPfns(bytes: Buffer): PfnSet {
  const list = pfnList();
  let end = 0;
  for (let at = 0; at < bytes.length; ) {
    const pfn = end + numberAt(bytes, at);
    at = behindNumber(bytes, at);
    const nr_pages = numberAt(bytes, at);
    at = behindNumber(bytes, at);
    addPfns(list, pfn, nr_pages);
    end = pfn + nr_pages;
  }
  return setOf(list);
}

type WriteMapped = (hostKey: number, removal: string, after: PfnSet | undefined) => void;

/** Prepares writing what was mapped when a removal began; or that nothing asks for it any more. */
export function prepareMappedRow(db: Connection): WriteMapped {
  const put = db.prepare(`INSERT OR REPLACE INTO mapped_before (host, removal, pfns) VALUES (?, ?, ?)`);
  const remove = db.prepare(`DELETE FROM mapped_before WHERE host = ? AND removal = ?`);
  return (host, removal, after) => {
    if (after === undefined) remove.run(host, removal);
    else put.run(host, removal, packPfns(after));
  };
}

/** What was mapped when a removal began, as it is stored. */
export interface MappedRow {
  readonly removal: string;
  readonly pfns: Buffer;
}

/** Adds what was loaded, and returns it. */
export function addMapped(host: Host, { removal, pfns }: MappedRow): PfnSet {
  const set = unpackPfns(pfns);
  host.mapped_before.set(removal, set);
  return set;
}

/** Prepares reading what was mapped when one removal of a host began; undefined where nothing asks for it any more. */
export function prepareMapped(db: Connection): (host: string, removal: string) => MappedRow | undefined {
  const select = db.prepare<[string, string], MappedRow>(
    `SELECT removal, pfns FROM mapped_before WHERE host = ${keyOfHost()} AND removal = ?`,
  );
  return (host, removal) => select.get(host, removal);
}

interface FleetMappedRow extends MappedRow {
  readonly host: number;
}

/** Prepares reading what was mapped when removals of the hosts of these keys began, an array as JSON. */
export function prepareFleetMapped(db: Connection): (keys: string) => Iterable<FleetMappedRow> {
  const select = db.prepare<[string], FleetMappedRow>(
    'SELECT host, removal, pfns FROM mapped_before WHERE host IN (SELECT value FROM json_each(?))',
  );
  return (keys) => select.iterate(keys);
}
