import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { apply, emptyHost } from '../src/engine/model/apply.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { Change, Event } from '../src/engine/model/event.ts';
import type { Host, Kind } from '../src/engine/model/host.ts';
import { NO_ENTRIES } from '../src/engine/model/mapping_table.ts';
import type { Applied } from '../src/store/applied.ts';
import { prepareJournal } from '../src/store/journal.ts';
import { openOwned } from '../src/store/open.ts';
import { prepareProject } from '../src/store/project.ts';
import { build } from './engine.ts';

/** A folder that ends with the work. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'daxplane-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** More in one commit would make a WAL as large as the database. */
const HOSTS_A_COMMIT = 100;

/** Writes hosts into a database, which is made, as commands make them or as they stand. */
export function writeHosts(path: string, hosts: Iterable<readonly Command[] | Host>): void {
  const owned = openOwned(path, 1_000);
  const { db } = owned;
  const project = prepareProject(db);
  const journal = prepareJournal(db);
  const at = new Date().toISOString();
  const write = db.transaction((host: Host) => {
    const applied = standing(host);
    const [event] = applied.events;
    const name = nameOf(host);
    project(name, host, applied);
    // What is in the journal is not measured here: an event says that there is a state.
    const concerns = [{ dax_device: null, tenant: null }];
    journal.append(name, at, [{ ...event!, changes: [] }], { applied, origin: null, concerns });
  });
  const writeMany = db.transaction((many: readonly Host[]) => {
    for (const host of many) write(host);
  });
  let many: Host[] = [];
  for (const host of hosts) {
    many.push('tables' in host ? host : build(host));
    if (many.length < HOSTS_A_COMMIT) continue;
    writeMany(many);
    many = [];
  }
  writeMany(many);
  owned.close();
}

/** A host as it stands, where there was nothing. */
function standing(host: Host): Applied {
  const entries = new Map([...host.entries.keys()].map((owner) => [owner, NO_ENTRIES]));
  const extents = new Map([...host.tables.files.keys()].map((file) => [file, []]));
  return {
    events: [whole(host)],
    replaced: new Map(),
    entries,
    copied: new Map(),
    extents,
    mapped_before: new Map(),
    contents: new Map(),
  };
}

/** All of a host as one event. */
function whole(host: Host): Event {
  const changes = (Object.keys(host.tables) as Kind[]).flatMap((kind) =>
    [...host.tables[kind]].map(([id, record]) => ({ op: 'put', kind, id, record }) as Change),
  );
  return { type: 'host_created', subject: `hosts/${nameOf(host)}`, data: {}, changes };
}

/** The same host under another name, each record with a uid of its own. */
export function renamed(host: Host, name: string): Host {
  const other = emptyHost();
  const changes = whole(host).changes.map((change) => {
    if (change.op !== 'put') return change;
    const named = change.kind === 'hosts' ? { name } : {};
    const record = { ...change.record, host: name, uid: v7(), ...named };
    return { ...change, ...(change.kind === 'hosts' ? { id: name } : {}), record } as Change;
  });
  apply(other, { type: 'host_created', subject: `hosts/${name}`, data: {}, changes });
  for (const [owner, entries] of host.entries) other.entries.set(owner, entries);
  return other;
}

function nameOf(host: Host): string {
  const [name] = host.tables.hosts.keys();
  return name!;
}
