import { join } from 'node:path';
import { v7 } from 'uuid';
import { emptyHost } from '../src/engine/model/apply.ts';
import type { Command } from '../src/engine/model/command.ts';
import { decide } from '../src/engine/decide.ts';
import type { File, Host } from '../src/engine/model/host.ts';
import { chunksOf, encodeRun, runs } from '../src/engine/model/mapping_table.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import { applyAll, type Applied } from '../src/store/applied.ts';
import { walBytes } from '../src/store/checkpoint.ts';
import { concernsOf, type Concerns } from '../src/store/concerns.ts';
import { openWriteConnection, type Connection } from '../src/store/connection.ts';
import { prepareJournal } from '../src/store/journal.ts';
import { migrate } from '../src/store/migrate.ts';
import type { Origin } from '../src/store/port.ts';
import { prepareProject } from '../src/store/project.ts';
import { oneFile } from './fleet.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { cpuMs, median } from './statistics.ts';
import { inTemporaryFolder } from './write_hosts.ts';

const HOSTS = 100;
/** Commands of a commit, each of another host: what 64 clients come to in the writer's queue. */
const BATCH = 64;
const WARM_UP = 20;
const COMMITS = 40;
const RUNS = 1_000_000;
const FAULTS = 40;
const PAGE = 4096;
const KB = 1_000;

/** A database with the hosts that it has, written as the writer's thread writes it. */
interface Written {
  readonly db: Connection;
  readonly path: string;
  readonly hosts: Map<string, Host>;
  readonly project: ReturnType<typeof prepareProject>;
  readonly journal: ReturnType<typeof prepareJournal>;
}

/** What the store writes for small commands, and for a fault among many runs: without HTTP and threads. */
export async function benchSmallPost(report: Report): Promise<void> {
  await withStore((written) => smallCommands(report, written));
  await withStore((written) => faults(report, written));
}

async function withStore(work: (written: Written) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    const db = openWriteConnection(path);
    try {
      db.pragma('wal_autocheckpoint = 0');
      migrate(db);
      await work({ db, path, hosts: new Map(), project: prepareProject(db), journal: prepareJournal(db) });
    } finally {
      db.close();
    }
  });
}

/** Events that are applied to the host and not stored yet. */
interface Decided {
  readonly name: string;
  readonly host: Host;
  readonly applied: Applied;
  readonly concerns: readonly Concerns[];
}

/** Of a client that gives no trace, as most do. */
const ORIGIN: Origin = {
  request_id: 'f3b2a0a8-0b1e-4c9e-9d53-000000001234',
  traceparent: null,
  actor: 'anonymous@127.0.0.1',
};

const now = (): string => new Date().toISOString();

function decideOn({ hosts }: Written, name: string, command: Command): Decided {
  const host = hosts.get(name) ?? emptyHost();
  hosts.set(name, host);
  const decision = decide(host, command, { now: now(), uid: () => v7() });
  if (isRefusal(decision)) throw new Error(decision.detail);
  const concerns = concernsOf(host, decision.events);
  return { name, host, applied: applyAll(host, decision.events), concerns };
}

/** Stores them by one commit. */
function commit({ db, project, journal }: Written, all: readonly Decided[]): void {
  db.exec('BEGIN IMMEDIATE');
  for (const { name, host, applied, concerns } of all) {
    project(name, host, applied);
    journal.append(name, now(), applied.events, { applied, origin: ORIGIN, concerns });
  }
  db.exec('COMMIT');
}

const nameOf = (at: number): string => `node-${String(at)}`;

/** Each small command on the hosts in turn; of the medians the largest is what is told. */
async function smallCommands(report: Report, written: Written): Promise<void> {
  for (let at = 0; at < HOSTS; at += 1)
    commit(
      written,
      oneFile(nameOf(at)).map((command) => decideOn(written, nameOf(at), command)),
    );
  const spent: Record<'us' | 'kB' | 'B', [label: string, value: number][]> = { us: [], kB: [], B: [] };
  for (const [label, commandOf] of Object.entries(commandsOn(written))) {
    const { us, wal, journal } = await measure(written, commandOf);
    spent.us.push([label, us]);
    spent.kB.push([label, wal / KB]);
    spent.B.push([label, journal]);
  }
  for (const [id, each] of [
    ['small_cpu', spent.us],
    ['small_wal', spent.kB],
    ['small_journal', spent.B],
  ] as const) {
    const of = each.map(([label, value]) => `${label} ${value.toFixed(1)}`).join(', ');
    report.measured(id, Math.max(...each.map(([, value]) => value)), of);
  }
}

type CommandOf = (host: string, round: number) => Command;

function commandsOn({ hosts }: Written): Readonly<Record<string, CommandOf>> {
  const newest = (host: string, kind: 'mappings' | 'pins'): string =>
    [...hosts.get(host)!.tables[kind].keys()].at(-1)!;
  const page = { offset: 0, length: PAGE } as const;
  const mapping = { file: 'f3', flags: ['shared'], prot: 'rw', ...page, page_size: PAGE } as const;
  const pin = { ...page, kind: 'transient', holder: 'direct_io' } as const;
  return {
    process: (_, round) => ({ type: 'create_process', pid: 2 + round, comm: 'bench' }),
    mapping: () => ({ type: 'create_mapping', pid: 1, ...mapping }),
    access: (host) => {
      return { type: 'access', mapping: newest(host, 'mappings'), kind: 'write', offset: 0, length: 1 };
    },
    pin: (host) => ({ type: 'create_pin', pid: 1, mapping: newest(host, 'mappings'), ...pin }),
    unpin: (host) => ({ type: 'unpin', pin: newest(host, 'pins') }),
  };
}

/** Medians of commits, a command: microseconds of CPU with its share of the COMMIT, growth of the WAL, bytes of journal. */
async function measure(written: Written, commandOf: CommandOf) {
  const { path, db } = written;
  const [us, wal, journal]: [number[], number[], number[]] = [[], [], []];
  for (let at = 0; at < WARM_UP + COMMITS; at += 1) {
    const decided = Array.from({ length: BATCH }, (_, member) => {
      const turn = at * BATCH + member;
      const name = nameOf(turn % HOSTS);
      return decideOn(written, name, commandOf(name, Math.floor(turn / HOSTS)));
    });
    const [walBefore, journalBefore] = [walBytes(path), journalBytes(db)];
    const milliseconds = await cpuMs(() => commit(written, decided));
    if (at < WARM_UP) continue;
    us.push((milliseconds * 1_000) / BATCH);
    wal.push((walBytes(path) - walBefore) / BATCH);
    journal.push((journalBytes(db) - journalBefore) / BATCH);
  }
  return { us: median(us), wal: median(wal), journal: median(journal) };
}

/** Bytes in the journal's columns, numbers as their digits. */
function journalBytes(db: Connection): number {
  const columns = (db.pragma('table_info(events)') as { readonly name: string }[]).map(({ name }) => name);
  const sum = columns.map((column) => `coalesce(sum(length(CAST(${column} AS BLOB))), 0)`).join(' + ');
  return db.prepare<[], number>(`SELECT ${sum} FROM events`).pluck().get() ?? NaN;
}

/** One more fault in a mapping of many runs: over pages of its file that have blocks, and over holes of it. */
async function faults(report: Report, written: Written): Promise<void> {
  for (const [kind, cpuRow, walRow] of [
    ['extent', 'fault_cpu', 'fault_wal'],
    ['extents', 'hole_cpu', 'hole_wal'],
  ] as const satisfies readonly (readonly [string, RowId, RowId])[]) {
    const host = fragmented(written, kind);
    const [cpu, wal]: [number[], number[]] = [[], []];
    for (let at = 0; at < FAULTS; at += 1) {
      const offset = (2 * Math.floor((RUNS * (at + 0.5)) / FAULTS) + 1) * PAGE;
      const before = walBytes(written.path);
      const write = { type: 'access', mapping: 'v4', kind: 'write', offset, length: 1 } as const;
      cpu.push(await cpuMs(() => commit(written, [decideOn(written, host, write)])));
      wal.push((walBytes(written.path) - before) / KB);
    }
    report.measured(cpuRow, median(cpu), `${String(FAULTS)} faults, with their decision`);
    report.measured(walRow, median(wal), `${String(FAULTS)} faults`);
  }
}

/** A host whose mapping v4 has an entry for every other page of its file f3: one extent, or one for each such page. */
function fragmented(written: Written, kind: 'extent' | 'extents'): string {
  const name = `of-many-${kind}`;
  const length = 2 * RUNS * PAGE;
  const mapping = { pid: 1, file: 'f3', flags: ['shared'], prot: 'rw', offset: 0, length } as const;
  const device = { name: 'pmem0', mode: 'fsdax', size: 2 * length } as const;
  const mount = { path: '/mnt', fs_type: 'xfs', dax: 'always', mkfs: true, rmapbt: true } as const;
  const commands: readonly Command[] = [
    { type: 'create_host', name, kernel: 'v6.12' },
    { type: 'create_dax_device', ...device },
    { type: 'create_mount', dax_device: 'pmem0', ...mount },
    { type: 'create_file', mount: 'm2', path: '/file', size: length },
    { type: 'create_process', pid: 1, comm: 'bench' },
    { type: 'create_mapping', ...mapping, page_size: PAGE },
    { type: 'access', mapping: 'v4', kind: 'write', offset: 0, length: 1 },
  ];
  const decided = commands.map((command) => decideOn(written, name, command));
  const { host } = decided[0]!;
  for (const owner of ['v4', 'f3']) host.entries.set(owner, everyOther(host, owner));
  if (kind === 'extents') {
    const record = inExtents(host.tables.files.get('f3')!);
    const changes = [{ op: 'put', kind: 'files', id: 'f3', record } as const];
    const applied = applyAll(host, [{ type: 'file_changed', subject: 'files/f3', data: {}, changes }]);
    decided.push({ name, host, applied, concerns: [{ dax_device: 'pmem0', tenant: null }] });
  }
  commit(written, decided);
  return name;
}

/** The first run of an owner at every other page. */
function everyOther(host: Host, owner: string): Float64Array[] {
  const [first] = runs(host.entries.get(owner)!);
  const rows = new Float64Array(4 * RUNS);
  for (let at = 0; at < RUNS; at += 1) {
    const pfn = first!.pfn < 0 ? first!.pfn : first!.pfn + 2 * at;
    rows.set(encodeRun({ ...first!, index: 2 * at, pfn }), 4 * at);
  }
  return [...chunksOf(rows)];
}

function inExtents(file: File): File {
  const pfn = file.extents[0]!.pfn;
  const extents = Array.from({ length: RUNS }, (_, at) => ({
    offset: 2 * at,
    pfn: pfn + 2 * at,
    nr_pages: 1,
  }));
  return { ...file, extents };
}
