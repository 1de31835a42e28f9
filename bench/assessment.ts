import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createControlPlane, type ControlPlane } from '../src/app/control_plane.ts';
import type { CreateHost } from '../src/engine/model/host_command.ts';
import { buildServer } from '../src/http/server.ts';
import { openSqliteStore } from '../src/runtime/sqlite_store.ts';
import { line, median, milliseconds, ratio } from './print.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const HOSTS = 1_000;
const ALLOWED_MS = 200;
const ROUNDS = 20;
const LISTING = new URL('../demo/ndctl-list-v6.12.json', import.meta.url);

/**
 * The whole fleet assessed over HTTP, 1 000 imported hosts with the devices of a recorded listing each: the first
 * time, when nothing has changed, and when every host has; beside what it may take. And the HTTP thread's longest
 * turn meanwhile.
 */
export async function benchAssessment(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-bench-'));
  const fail = (error: Error): void => {
    throw error;
  };
  const store = await openSqliteStore({ path: join(directory, 'bench.db'), onFatal: fail });
  const controlPlane = createControlPlane(store, SILENT);
  const app = await buildServer({ backend: controlPlane, logger: false });
  try {
    // As main.ts does: the thread is there before the first request.
    await controlPlane.assess({ filters: {}, limit: 1 });
    await importFleet(controlPlane);
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/v1/assessment`;
    await fetch(new URL('/livez', url));
    await sleep(500);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { took: first, devices } = await assess(url);
    const again: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) again.push((await assess(url)).took);
    delay.disable();
    const label = `assessment of ${String(HOSTS)} hosts, ${String(devices)} devices`;
    ratio(`${label}, first`, first, ALLOWED_MS, milliseconds);
    ratio('  again, nothing changed', median(again), ALLOWED_MS, milliseconds);
    await touchFleet(controlPlane);
    ratio('  again, every host changed', (await assess(url)).took, ALLOWED_MS, milliseconds);
    line('  longest turn of the HTTP thread meanwhile', milliseconds(delay.max / 1e6));
  } finally {
    await app.close();
    await controlPlane.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function importFleet(controlPlane: ControlPlane): Promise<void> {
  const text = await readFile(LISTING, 'utf8');
  for (const host of names()) {
    const command: CreateHost = { type: 'create_host', name: host, kernel: 'v6.12' };
    await controlPlane.submit({ host, command });
    const imported = await controlPlane.importInventory({ host, bytes: Buffer.from(text) });
    if (imported.status !== 'done') throw new Error(`the import failed: ${imported.status}`);
  }
}

async function touchFleet(controlPlane: ControlPlane): Promise<void> {
  const command = { type: 'patch_host', labels: { bench: 'true' } } as const;
  await Promise.all(names().map((host) => controlPlane.submit({ host, command })));
}

function names(): string[] {
  return Array.from({ length: HOSTS }, (_, at) => `node-${String(at)}`);
}

async function assess(url: string): Promise<{ took: number; devices: number }> {
  const begun = performance.now();
  const response = await fetch(url);
  const { summary } = (await response.json()) as { summary: { devices: number } };
  return { took: performance.now() - begun, devices: summary.devices };
}
