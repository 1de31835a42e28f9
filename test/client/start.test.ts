import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import { openOwned } from '../../src/store/open.ts';
import { migrateTo } from '../store/support/before.ts';
import { listening, spawnService } from './child_service.ts';

const NOBODY = 65534;
const IS_ROOT = process.getuid?.() === 0;
/** Makes a process "nobody", where root runs this, whom no permission stops: only once its binary, maybe root's, runs. */
const AS_NOBODY = `data:text/javascript,
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) { process.setgroups([]); process.setgid(${String(NOBODY)}); process.setuid(${String(NOBODY)}); }`;

let directory: string;
let db: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-start-'));
  db = join(directory, 'daxplane.db');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true });
});

function start(env: Record<string, string> = {}, first: readonly string[] = []): ChildProcess {
  const child = spawnService({ DAXPLANE_DB: db, DAXPLANE_DEMO: '0', ...env }, first);
  children.push(child);
  return child;
}

/** What a service wrote that did not start, with its exit code. */
async function failure(child: ChildProcess): Promise<string> {
  await once(child, 'spawn');
  const closed = once(child, 'close');
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const [code, signal] = (await closed) as [number | null, string | null];
  return `${String(code ?? signal)}: ${written}`;
}

const countHosts = (): unknown => {
  const connection = new Sqlite(db, { readonly: true });
  const count = connection.prepare('SELECT count(*) FROM hosts').pluck().get();
  connection.close();
  return count;
};

test('the second service on a file is refused, and named the first; kill -9 frees the file; SIGTERM ends with 0', async () => {
  const first = start();
  const url = await listening(first);
  // The address is noted before this is answered.
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const second = await failure(start());
  expect(second).toContain(`1: daxplane: ${db} is served by another daxplane: pid ${String(first.pid)} on `);
  expect(second).toContain(`, at ${url}, since 2`);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const third = start();
  await listening(third);
  third.kill('SIGTERM');
  expect(await once(third, 'exit')).toEqual([0, null]);
});

test('a file that may not be written is refused at the start, with the remedy, and left as it was', async () => {
  openOwned(db, 0).close();
  const before = readFileSync(db);
  chmodSync(db, 0o444);
  chmodSync(directory, 0o777);
  if (IS_ROOT) chownSync(`${db}-lock`, NOBODY, NOBODY);
  const written = await failure(start({}, IS_ROOT ? [AS_NOBODY] : []));
  expect(written).toMatch(/^1: daxplane: this process may not write to .*daxplane\.db \(SQLITE_READONLY/);
  expect(written).toContain('make the file and its folder writable');
  expect(readFileSync(db).equals(before)).toBe(true);
});

test('what is no database is told with its cause', async () => {
  writeFileSync(db, 'Dear diary\n'.repeat(1000));
  const written = await failure(start());
  expect(written).toContain(`1: daxplane: there is no SQLite database in ${db} (SQLITE_NOTADB)`);
  expect(written).toContain('cause: file is not a database');
});

describe('a port in use', () => {
  let other: Server;
  let env: Record<string, string>;
  let told: string;
  beforeEach(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    env = { DAXPLANE_PORT: port, DAXPLANE_DEMO: '1' };
    told = `1: daxplane: 127.0.0.1:${port} is in use by another program; stop that one, or set DAXPLANE_PORT`;
  });
  afterEach(() => other.close());

  test('is told, with its address and the remedy, before anything is made', async () => {
    const folder = join(directory, 'none/yet');
    expect(await failure(start({ ...env, DAXPLANE_DB: join(folder, 'daxplane.db') }))).toContain(told);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('leaves a database of an older version as it is', async () => {
    const old = new Sqlite(db);
    migrateTo(old, 1);
    old.close();
    const before = readFileSync(db);
    expect(await failure(start(env))).toContain(told);
    expect(readFileSync(db).equals(before)).toBe(true);
    expect(readdirSync(directory)).toEqual(['daxplane.db']);
  });
});

test('an address that other machines reach is warned of, and gets no demo fleet', async () => {
  const child = start({ DAXPLANE_HOST: '0.0.0.0', DAXPLANE_DEMO: '1', DAXPLANE_LOG_LEVEL: 'silent' });
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const closed = once(child, 'close');
  await listening(child);
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(written).toContain('WARNING: 0.0.0.0:0 is reached from other machines');
  expect(written).toContain('The demo fleet is not created on such an address');
  expect(countHosts()).toBe(0);
});
