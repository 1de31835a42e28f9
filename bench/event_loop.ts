import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import type { ControlPlane } from '../src/app/control_plane.ts';
import { manyExtents } from './fleet.ts';
import { line, milliseconds } from './print.ts';
import { serve } from './serve.ts';

const HOST = 'bench';
const LOAD_SECONDS = 6;
const WARMUP_MS = 1_500;

/**
 * The longest turn of the HTTP thread while a removal of 10^5 mapped extents and other requests run, beside the
 * same requests alone. The requests come from a thread of their own.
 */
export async function benchEventLoop(): Promise<void> {
  await serve(async (url, controlPlane) => {
    for (const command of manyExtents(HOST)) await controlPlane.submit({ host: HOST, command });
    const alone = await longestTurn(url, () => sleep(3_000));
    line('longest turn of the HTTP thread, requests alone', milliseconds(alone));
    let took = NaN;
    const during = await longestTurn(url, async () => {
      const begun = performance.now();
      await removeDevice(controlPlane);
      took = performance.now() - begun;
    });
    line('  while a removal of 10^5 mapped extents runs', milliseconds(during));
    line('  that removal took', milliseconds(took));
  });
}

async function longestTurn(url: string, work: () => Promise<unknown>): Promise<number> {
  const path = `${url}/v1/hosts/${HOST}/dax-devices`;
  const load = autocannon({ url: path, connections: 8, duration: LOAD_SECONDS, workers: 1 });
  await sleep(WARMUP_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  await load;
  return delay.max / 1e6;
}

async function removeDevice(controlPlane: ControlPlane): Promise<void> {
  const command = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;
  const submitted = await controlPlane.submit({ host: HOST, command });
  if (submitted.status !== 'done')
    throw new Error(`the removal was not started: ${JSON.stringify(submitted)}`);
  const ended = await controlPlane.waitForRemoval(submitted.answer.uid, 60_000);
  if (ended?.state !== 'completed') throw new Error(`the removal is ${String(ended?.state)}`);
}
