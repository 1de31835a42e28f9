import { monitorEventLoopDelay } from 'node:perf_hooks';
import autocannon from 'autocannon';
import type { ControlPlane } from '../src/app/control_plane.ts';
import { line, milliseconds } from './print.ts';
import { serve } from './serve.ts';

const HOSTS = 32;
const DEVICES = 1_000;
const ROUNDS = 3;
const PLANNED = 8;

/** The longest turn of the HTTP thread in questions over many devices, beside one page of a list. */
export async function benchLists(): Promise<void> {
  await serve(async (url, controlPlane) => {
    await fill(controlPlane);
    const plan = {
      dax_devices: names().flatMap((host) =>
        Array.from({ length: PLANNED }, (_, at) => ({ host, dax_device: `dax${String(at)}.0` })),
      ),
    };
    const asked: Readonly<Record<string, readonly [path: string, body?: object]>> = {
      'a page of devices': ['/v1/dax-devices'],
      '  a page by filter and sort': ['/v1/dax-devices?mode=devdax&sort=-size'],
      '  a page by two filters': ['/v1/dax-devices?mode=devdax&state=gone'],
      '  counts of the fleet': ['/v1/fleet'],
      [`  a plan for ${String(HOSTS * PLANNED)} devices`]: ['/v1/plans', plan],
    };
    for (const [label, [path, body]] of Object.entries(asked)) {
      const { turn, took } = await measure(url + path, body);
      line(`longest turn, ${label}`, `${milliseconds(turn)}, answered in ${milliseconds(took)}`);
    }
  });
}

const names = (): string[] => Array.from({ length: HOSTS }, (_, at) => `node-${String(at)}`);

async function fill(controlPlane: ControlPlane): Promise<void> {
  const text = JSON.stringify(
    Array.from({ length: DEVICES }, (_, at) => ({
      chardev: `dax${String(at)}.0`,
      size: 2 ** 30 + at * 2 ** 21,
      target_node: 1,
      align: 2 ** 21,
      mode: 'devdax',
    })),
  );
  for (const host of names()) {
    await controlPlane.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
    const imported = await controlPlane.importInventory({ host, bytes: Buffer.from(text) });
    if (imported.status !== 'done') throw new Error(`the import failed: ${imported.status}`);
  }
}

/** A request a round, from a thread of its own; the least of the rounds: what else runs on the machine only adds. */
async function measure(url: string, body?: object): Promise<{ turn: number; took: number }> {
  const headers = { 'content-type': 'application/json' };
  const asked = body === undefined ? {} : ({ method: 'POST', headers, body: JSON.stringify(body) } as const);
  const rounds: { turn: number; took: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { latency, non2xx, errors } = await autocannon({
      url,
      ...asked,
      connections: 1,
      workers: 1,
      timeout: 120,
      amount: 2,
    });
    delay.disable();
    if (non2xx + errors > 0) throw new Error(`${url}: ${String(non2xx + errors)} were not answered`);
    rounds.push({ turn: delay.max / 1e6, took: latency.p50 });
  }
  const least = (values: readonly number[]): number => Math.min(...values);
  return { turn: least(rounds.map(({ turn }) => turn)), took: least(rounds.map(({ took }) => took)) };
}
