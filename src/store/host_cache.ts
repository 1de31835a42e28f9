import { LRUCache } from 'lru-cache';
import { extentCount } from '../engine/model/extents.ts';
import type { Host } from '../engine/model/host.ts';
import { differing } from '../engine/model/mapping_table.ts';
import { entriesOf } from '../engine/model/transaction.ts';
import { changesOf, type Applied } from './applied.ts';
import type { Connection } from './connection.ts';
import { extentsNow } from './extent_chunks.ts';
import type { EntriesAhead } from './load_ahead.ts';
import { bytesOf, prepareLoadPart, type PartOfHost } from './load_part.ts';
import type { Touched } from './write_row.ts';

/** Parts of the hosts that were worked on last, of so many bytes together, as they are estimated. */
export interface HostCache {
  /** From its rows where nothing of it is in memory. */
  readonly load: (host: string) => Host;
  /** What events have changed is in the rows now. */
  readonly stored: (host: string, applied: Applied, touched: readonly Touched[]) => void;
  /** More of it may be in memory than before: others have to go. */
  readonly weigh: (host: string) => void;
  readonly delete: (host: string) => void;
  readonly clear: () => void;
  /** How much is in it. */
  readonly size: () => { readonly hosts: number; readonly bytes: number };
}

/** A new record, and an extent of a file, in memory. */
const NEW_RECORD_BYTES = 1_000;
const EXTENT_BYTES = 100;
/** A host whose size has changed by less is not weighed again. */
const SLACK_BYTES = 4_096;

/** An empty cache. The host that was worked on last stays in it, whatever it takes. */
export function cacheHosts(db: Connection, maxBytes: number, entries: EntriesAhead): HostCache {
  const loadPart = prepareLoadPart(db, entries);
  const sizeOf = ({ bytes }: PartOfHost): number => Math.min(Math.max(bytes, 1), maxBytes);
  const parts = new LRUCache<string, PartOfHost>({ maxSize: maxBytes, sizeCalculation: sizeOf });
  const weighed = new WeakMap<PartOfHost, number>();
  const keep = (name: string, part: PartOfHost): void => {
    parts.set(name, part);
    weighed.set(part, part.bytes);
  };
  return {
    load: (name) => {
      const known = parts.get(name);
      if (known !== undefined) return known.host;
      const part = loadPart(name);
      keep(name, part);
      return part.host;
    },
    stored: (name, applied, touched) => {
      entries.forget(name);
      const part = parts.get(name);
      if (part === undefined) return;
      part.bytes += grown(part.host, applied);
      for (const { kind, id } of touched) part.host.tables[kind].forget(id);
    },
    weigh: (name) => {
      const part = parts.get(name);
      if (part === undefined || Math.abs(part.bytes - weighed.get(part)!) < SLACK_BYTES) return;
      parts.delete(name);
      keep(name, part);
    },
    delete: (name) => {
      entries.forget(name);
      parts.delete(name);
    },
    clear: () => {
      entries.forgetAll();
      parts.clear();
    },
    size: () => ({ hosts: parts.size, bytes: parts.calculatedSize }),
  };
}

/** By how much a host in memory has grown. */
function grown(host: Host, { events, replaced, entries, extents, mapped_before }: Applied): number {
  let bytes = 0;
  for (const change of changesOf(events)) {
    if (change.op === 'put' && !replaced.has(change)) bytes += NEW_RECORD_BYTES;
    else if (change.op === 'delete') bytes -= NEW_RECORD_BYTES;
  }
  for (const [owner, before] of entries) {
    const [gone, come] = differing(before, entriesOf(host, owner));
    bytes += bytesOf(come) - bytesOf(gone);
  }
  for (const [file, before] of extents) {
    const [gone, come] = differing(before, extentsNow(host, file));
    bytes += EXTENT_BYTES * (extentCount(come) - extentCount(gone));
  }
  for (const [removal, before] of mapped_before)
    bytes += (host.mapped_before.get(removal)?.byteLength ?? 0) - (before?.byteLength ?? 0);
  return bytes;
}
