import { join } from 'node:path';
import { v7 } from 'uuid';
import type { Command } from '../src/engine/model/command.ts';
import { decideAtOnce } from '../src/engine/decide.ts';
import type { Host } from '../src/engine/model/host.ts';
import type { Connection } from '../src/store/connection.ts';
import { openOwned } from '../src/store/open.ts';
import { prepareTransact, type BatchResult, type Work } from '../src/store/transact.ts';
import { build } from './engine.ts';
import { crowd, oneFile, sharedPage } from './fleet.ts';
import type { Report } from './report.ts';
import { measureSlope } from './slopes.ts';
import { cpuMs } from './statistics.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';
import { KEPT_FOR_EVER } from '../src/store/retention.ts';

/** All of them more than are kept in memory here. */
const HOSTS = [250, 500, 1_000, 2_000] as const;
const CACHE_BYTES = 2 ** 20;
const MAPPINGS = [2_500, 5_000, 10_000, 20_000] as const;
/** Commands that each host of these gets. */
const SMALL = 640;
const EVENTS = [1_000, 2_000, 4_000, 8_000] as const;
const BATCH = 64;
/** Events that a journal keeps. */
const KEPT = 2_000;

/** What small changes cost in the store alone, by how many hosts they go to, and by how long the journal grows of them. */
export async function benchGrowth(report: Report): Promise<void> {
  await withStore(filesOf(2_000), async (changes) => {
    await measureSlope(report, 'hosts_slope', HOSTS, (hosts) =>
      changes(Array.from({ length: hosts }, (_, at) => ({ host: nameOf(at), command: sharedPage(1) }))),
    );
  });
  const crowds = MAPPINGS.map((mappings) => build(crowd(nameOf(mappings), mappings, 'one')));
  await withStore(crowds, async (changes) => {
    await measureSlope(report, 'mappings_slope', MAPPINGS, (mappings) =>
      changes(Array.from({ length: SMALL }, () => ({ host: nameOf(mappings), command: sharedPage(1) }))),
    );
  });
  await measureSlope(report, 'events_slope', EVENTS, async (events) => {
    const works = Array.from({ length: events }, (_, at) => ({ host: nameOf(0), command: mapOrUnmap(at) }));
    return withStore(filesOf(1), (changes) => changes(works));
  });
  await withStore(
    filesOf(1),
    async (changes, db) => {
      const count = db.prepare<[], number>('SELECT count(*) FROM events').pluck();
      const works = (from: number, to: number): Work[] =>
        Array.from({ length: to - from }, (_, at) => ({ host: nameOf(0), command: mapOrUnmap(from + at) }));
      await changes(works(0, KEPT));
      const once = count.get()!;
      await changes(works(KEPT, 10 * KEPT));
      const many = count.get()!;
      report.measured('journal_kept', many / once, `${String(many)} : ${String(once)} events`);
    },
    { days: null, events: KEPT },
  );
}

/** A mapping comes and goes: what there is stays as much as it was. */
function mapOrUnmap(at: number): Command {
  return at % 2 === 0 ? sharedPage(1) : { type: 'munmap', mapping: `v${String(4 + (at - 1) / 2)}` };
}

const nameOf = (at: number): string => `node-${String(at)}`;

/** Milliseconds of CPU that changes take, in batches. */
type Changes = (works: readonly Work[]) => Promise<number>;

/** So many hosts with a file each. */
function* filesOf(hosts: number): Iterable<Host> {
  const host = build(oneFile('bench'));
  for (let at = 0; at < hosts; at += 1) yield renamed(host, nameOf(at));
}

/** Works on a new database with hosts. Its clock goes an hour at each look: the journal is purged once in that. */
async function withStore<T>(
  hosts: Iterable<Host>,
  work: (changes: Changes, db: Connection) => Promise<T>,
  retention = KEPT_FOR_EVER,
): Promise<T> {
  let hours = 0;
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    writeHosts(path, hosts);
    const owned = openOwned(path, 1_000);
    const transact = prepareTransact(owned.db, {
      decide: decideAtOnce,
      now: () => new Date((hours += 1) * 3_600_000).toISOString(),
      uid: () => v7(),
      cacheBytes: CACHE_BYTES,
      retention,
      startTurn: () => () => false,
      counted: owned.counted,
    });
    try {
      return await work(
        (works) =>
          cpuMs(() => {
            for (let at = 0; at < works.length; at += BATCH) check(transact(works.slice(at, at + BATCH)));
          }),
        owned.db,
      );
    } finally {
      owned.close();
    }
  });
}

function check({ settled }: BatchResult): void {
  for (const each of settled)
    if (!('submitted' in each) || each.submitted.status !== 'done') throw new Error(JSON.stringify(each));
}
