import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../src/engine/model/command.ts';
import type { Host, Kind } from '../src/engine/model/host.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import { openReadConnection, type Connection } from '../src/store/connection.ts';
import { createReads, type Reads } from '../src/store/read.ts';
import { columnsOf, KINDS } from '../src/store/tables.ts';
import { startChild, type Child } from './child.ts';
import { build } from './engine.ts';
import { GIB } from './fleet.ts';
import { ask, loadInTurn, type Asked } from './load.ts';
import type { Report } from './report.ts';
import { interleaved, median, quantile } from './statistics.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';

const HOSTS = 10_000;
const DEVICES = 8;
const MAPPINGS = 50;
const ROUNDS = 7;
const STARTS = 7;
const SETTLE_MS = 1_000;
const ASKED = 200;

/**
 * 10 000 hosts with eight devices each, and 50 mappings on each device: 4 million. Made in minutes, by the rows that the
 * store itself would write.
 */
export async function benchWholeFleet(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    writeHosts(path, copies(build(crowdedHost())));
    const db = openReadConnection(path);
    const bytes = bytesOfMappings(db) / (HOSTS * DEVICES * MAPPINGS);
    report.measured('fleet_bytes', bytes, `the whole file has ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    await filters(report, db);
    db.close();
    await serving(report, path);
  });
}

function* copies(host: Host): Generator<Host> {
  for (let at = 0; at < HOSTS; at += 1) yield renamed(host, `node-${String(at)}`);
}

/** Ids in turn: s1, m2 and f3 on the first device, then the mappings of its process, and so on. */
function crowdedHost(): Command[] {
  const commands: Command[] = [{ type: 'create_host', name: 'bench', kernel: 'v6.12' }];
  let id = 1;
  for (let device = 0; device < DEVICES; device += 1) {
    const [dax_device, pid] = [`pmem${String(device)}`, device + 1];
    const [mount, file] = [`m${String(id + 1)}`, `f${String(id + 2)}`];
    id += 3 + MAPPINGS;
    commands.push(
      { type: 'create_dax_device', name: dax_device, mode: 'fsdax', size: GIB },
      {
        type: 'create_mount',
        dax_device,
        path: `/mnt${String(device)}`,
        fs_type: 'xfs',
        dax: 'always',
        mkfs: true,
      },
      { type: 'create_file', mount, path: '/file', size: MAPPINGS * 4096 },
      { type: 'create_process', pid, comm: 'bench' },
    );
    for (let at = 0; at < MAPPINGS; at += 1)
      commands.push({
        type: 'create_mapping',
        pid,
        file,
        flags: ['shared'],
        prot: 'rw',
        offset: at * 4096,
        length: 4096,
        page_size: 4096,
        populate: 'write',
      });
  }
  return commands;
}

/** Pages of the table and of its indexes. */
function bytesOfMappings(db: Connection): number {
  const of = "SELECT name FROM sqlite_schema WHERE tbl_name = 'mappings'";
  return db.prepare<[], number>(`SELECT sum(pgsize) FROM dbstat WHERE name IN (${of})`).pluck().get() ?? NaN;
}

/** Each filter of each list by values that it has, over the fleet and within a host. */
async function filters(report: Report, db: Connection): Promise<void> {
  const reads = createReads(db);
  let [slowest, of] = [0, ''];
  for await (const { kind, field, value, host } of filterQueries(reads)) {
    const spent: number[] = [];
    const query = { kind, filters: { [field]: value }, limit: 100, ...(host === null ? {} : { host }) };
    for (let at = 0; at < ASKED && spent.reduce((sum, each) => sum + each, 0) < 1_000; at += 1) {
      const begun = performance.now();
      await reads.list(query);
      spent.push(performance.now() - begun);
    }
    const p99 = quantile(spent, 0.99);
    if (p99 > slowest) [slowest, of] = [p99, `${kind} by ${field}${host === null ? '' : ' of a host'}`];
  }
  report.measured('fleet_filters', slowest, of);
}

interface FilterQuery {
  readonly kind: Kind;
  readonly field: string;
  readonly value: string | number;
  readonly host: string | null;
}

/** Of a host in the middle, so that what is found by reading on is not found at once. */
async function* filterQueries(reads: Reads): AsyncGenerator<FilterQuery> {
  const middle = `node-${String(HOSTS / 2)}`;
  for (const kind of KINDS) {
    const record = await someRecord(reads, kind, middle);
    for (const field of columnsOf(kind).filter((column) => column !== 'labels')) {
      const value = record[field];
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      for (const host of [null, middle]) yield { kind, field, value, host };
    }
  }
}

/** One without members where there is none of its kind. */
async function someRecord(reads: Reads, kind: Kind, host: string): Promise<Record<string, unknown>> {
  const page = await reads.list({ kind, filters: {}, host, limit: 1 });
  if (isRefusal(page)) throw new Error(page.detail);
  return page.records === '' ? {} : (JSON.parse(page.records) as Record<string, unknown>);
}

async function serving(report: Report, path: string): Promise<void> {
  const empty = join(dirname(path), 'empty.db');
  const starts = await interleaved(STARTS, { fleet: () => startOver(path), empty: () => startOver(empty) });
  const [ours, beside] = [median(starts.fleet), median(starts.empty)];
  report.measured('fleet_start', ours - beside, `${ours.toFixed(2)} s - ${beside.toFixed(2)} s`);
  const service = await startChild('service_child', path);
  try {
    await counts(report, service);
    await posts(report, service);
    const rss = (await service.rssBytes()) / 1e6;
    report.measured('fleet_rss', rss, 'after the counts and random POSTs');
  } finally {
    await service.stop();
  }
}

/** Seconds from opening the store to listening. Its threads read their modules: what an empty one takes, too. */
async function startOver(path: string): Promise<number> {
  const started = await startChild('service_child', path);
  const seconds = (await started.startedMs()) / 1_000;
  await started.stop();
  return seconds;
}

/** When all is assessed: between requests, which takes minutes, the service's CPU is not that of the counts alone. */
async function counts(report: Report, service: Child): Promise<void> {
  for (let left = 1; left > 0; ) {
    await sleep(SETTLE_MS);
    const { dax_devices } = (await ask(`${service.url}/v1/fleet`)) as Counted;
    left = dax_devices.verdict.not_assessed;
  }
  const asked = (path: string): Asked => [service, { requests: [{ path }], clients: 4, amount: 200 }];
  const { ours, reference, of } = await loadInTurn(ROUNDS, asked('/v1/fleet'), asked('/v1/hosts/node-17'));
  report.measured('fleet_counts', ours.cpu_us / reference.cpu_us, of);
}

async function posts(report: Report, service: Child): Promise<void> {
  const to = (hosts: number, step: number): Asked => {
    const requests = Array.from({ length: hosts }, (_, at) => postTo(`node-${String((at * step) % HOSTS)}`));
    return [service, { requests, clients: 64, amount: 1_500 }];
  };
  const { ours, reference, of } = await loadInTurn(ROUNDS, to(HOSTS, 7_919), to(100, 1));
  report.measured('fleet_posts', ours.per_second / reference.per_second, of);
}

interface Counted {
  readonly dax_devices: { readonly verdict: { readonly not_assessed: number } };
}

function postTo(host: string): { method: 'POST'; path: string; body: string } {
  const body = { pid: 1, file: 'f3', flags: ['shared'], prot: 'rw', offset: 0, length: 4096 };
  return { method: 'POST', path: `/v1/hosts/${host}/mappings`, body: JSON.stringify(body) };
}
