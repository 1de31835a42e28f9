import { Bench } from 'tinybench';
import { emptyHost } from '../src/engine/model/apply.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { Host } from '../src/engine/model/host.ts';
import { startChildService } from '../test/client/child_service.ts';
import { build, removeWhole } from './engine.ts';
import { GIB, tenMappings, TIB } from './fleet.ts';
import { median, milliseconds, ratio } from './print.ts';

const HTTP_ROUNDS = 30;

/** What a removal costs with the same ten mappings on a device of 16 TiB and of 1 GiB. */
export async function benchDeviceSize(): Promise<void> {
  await inEngine();
  await overHttp();
}

async function inEngine(): Promise<void> {
  const bench = new Bench({ time: 1000, warmupTime: 200 });
  let host: Host = emptyHost();
  for (const [name, size] of [
    ['1 GiB', GIB],
    ['16 TiB', 16 * TIB],
  ] as const) {
    const beforeEach = (): void => void (host = build(tenMappings('bench', size)));
    bench.add(name, () => removeWhole(host), { beforeEach });
  }
  await bench.run();
  const [small, large] = bench.tasks.map(({ result }) => ('latency' in result ? result.latency.p50 : NaN));
  ratio('removal in the engine, 16 TiB to 1 GiB', large ?? NaN, small ?? NaN, milliseconds);
}

async function overHttp(): Promise<void> {
  const service = await startChildService({ DAXPLANE_DEMO: '0' });
  try {
    const seconds: Record<'small' | 'large', number[]> = { small: [], large: [] };
    for (let round = 0; round < HTTP_ROUNDS; round += 1) {
      seconds.small.push(await timeRemoval(service.url, `small-${String(round)}`, GIB));
      seconds.large.push(await timeRemoval(service.url, `large-${String(round)}`, 16 * TIB));
    }
    ratio('removal over HTTP, 16 TiB to 1 GiB', median(seconds.large), median(seconds.small), milliseconds);
  } finally {
    await service.stop();
  }
}

async function timeRemoval(url: string, host: string, size: number): Promise<number> {
  for (const command of tenMappings(host, size))
    await post(`${url}${pathOf(host, command)}`, bodyOf(command));
  const begun = performance.now();
  await post(`${url}/v1/hosts/${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  return performance.now() - begun;
}

const COLLECTIONS: Readonly<Partial<Record<Command['type'], string>>> = {
  create_dax_device: 'dax-devices',
  create_mount: 'mounts',
  create_file: 'files',
  create_process: 'processes',
  create_mapping: 'mappings',
};

function pathOf(host: string, command: Command): string {
  const collection = COLLECTIONS[command.type];
  return collection === undefined ? '/v1/hosts' : `/v1/hosts/${host}/${collection}`;
}

function bodyOf({ type: _type, ...body }: Command): object {
  return body;
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', prefer: 'wait=30' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${text}`);
}
