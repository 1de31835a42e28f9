import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { startChild, type Child } from './child.ts';
import { fillOverHttp, HOST, MAPPINGS } from './filled.ts';
import { line, median, ratio } from './print.ts';

const CLIENTS = 16;
const ROUNDS = 9;
const micros = (value: number): string => `${value.toFixed(1)} us`;
const perSecond = (value: number): string => `${value.toFixed(0)}/s`;

/** What a GET costs beside Fastify with nothing around it; each server has a process, the requests come from this one. */
export async function benchGets(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-bench-'));
  const service = await startChild('service_child.ts', join(directory, 'bench.db'));
  try {
    await fillOverHttp(service.url);
    const mappings = `${service.url}/v1/hosts/${HOST}/mappings`;
    const [one, list] = [`${mappings}/v4`, `${mappings}?limit=${String(MAPPINGS)}`];
    const bare = await startChild('bare_child.ts', one, list);
    try {
      const host = `${service.url}/v1/hosts/${HOST}`;
      await beside('GET of a host to a bare route', [service, host], [bare, `${bare.url}/one`]);
      await beside('GET of a mapping to a bare route', [service, one], [bare, `${bare.url}/one`]);
      const label = `list of ${String(MAPPINGS)} to JSON.stringify from memory`;
      await beside(label, [service, list], [bare, `${bare.url}/list`]);
    } finally {
      await bare.stop();
    }
  } finally {
    await service.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

type Asked = readonly [child: Child, url: string];

/** Two GETs in turn: by how much CPU the reference needs of what we need, and requests a second. */
async function beside(label: string, ours: Asked, reference: Asked): Promise<void> {
  const measured: Round[] = [];
  const other: Round[] = [];
  for (const asked of [ours, reference]) await measure(asked);
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.push(await measure(ours));
    other.push(await measure(reference));
  }
  const cpu = (rounds: readonly Round[]): number => median(rounds.map(({ cpu_us }) => cpu_us));
  const rate = (rounds: readonly Round[]): number => median(rounds.map(({ per_second }) => per_second));
  const [mine, theirs] = [cpu(measured), cpu(other)];
  line(
    `${label}, by CPU`,
    `${(theirs / mine).toFixed(2)}x   (${micros(mine)} : ${micros(theirs)} a request)`,
  );
  ratio('  requests a second', rate(measured), rate(other), perSecond);
}

interface Round {
  readonly cpu_us: number;
  readonly per_second: number;
}

async function measure([child, url]: Asked): Promise<Round> {
  const before = await child.cpuMicros();
  const { requests, non2xx, errors } = await autocannon({ url, connections: CLIENTS, duration: 1 });
  if (non2xx + errors > 0) throw new Error(`${url}: ${String(non2xx + errors)} were not answered`);
  const used = (await child.cpuMicros()) - before;
  return { cpu_us: used / requests.total, per_second: requests.average };
}
