import { join } from 'node:path';
import type { Host } from '../src/engine/model/host.ts';
import { startChild, type Child } from './child.ts';
import { build, removeWhole } from './engine.ts';
import { extents, GIB, sharedPage, tenMappings } from './fleet.ts';
import { ask } from './load.ts';
import type { Report } from './report.ts';
import { cpuMs, interleaved, median } from './statistics.ts';
import { readWal, written } from './wal.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';

const ROUNDS = 15;
const LARGE_ROUNDS = 7;
const HUGE_ROUNDS = 3;
const POSTS = 5;
const [LARGE, HUGE] = [1e5, 1e6];

/** Removals over HTTP until the report is durable: of ten extents beside a POST, of 10^5, of 10^6 beside the engine. */
export async function benchRemovals(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    const huge = extents('huge', HUGE);
    const large = extents('large', LARGE);
    writeHosts(path, [
      ...names('small', ROUNDS).map((name) => build(tenMappings(name, GIB))),
      ...names('large', LARGE_ROUNDS).map((name) => renamed(large, name)),
      ...names('huge', HUGE_ROUNDS).map((name) => renamed(huge, name)),
    ]);
    const service = await startChild('service_child', path);
    try {
      await small(report, service, path);
      await alone(report, service);
      await besideEngine(report, service, () => renamed(huge, 'engine'));
    } finally {
      await service.stop();
    }
  });
}

/** Time, since both wait for the disk: how often, and for how long. */
async function small(report: Report, service: Child, path: string): Promise<void> {
  const commits: number[] = [];
  const { removal, post } = await interleaved(ROUNDS, {
    post: (round) => timeOfPost(service, `small-${String(round)}`),
    removal: async (round) => {
      const before = readWal(path);
      const begun = performance.now();
      await remove(service, `small-${String(round)}`);
      const took = performance.now() - begun;
      const came = written(before, readWal(path));
      if (came !== null) commits.push(came.commits);
      return took;
    },
  });
  const [ours, beside] = [median(removal), median(post)];
  report.measured('removal_10', ours / beside, `${ours.toFixed(2)} ms : ${beside.toFixed(2)} ms`);
  report.measured('removal_fsyncs', median(commits), 'commit frames of the WAL, each an fsync');
}

async function timeOfPost(service: Child, host: string): Promise<number> {
  const { type: _type, ...body } = sharedPage(1);
  const begun = performance.now();
  for (let at = 0; at < POSTS; at += 1)
    await ask(`${service.url}/v1/hosts/${host}/mappings`, { ...body, file: 'f3' });
  return (performance.now() - begun) / POSTS;
}

async function alone(report: Report, service: Child): Promise<void> {
  const rounds: { cpu: number; took: number }[] = [];
  for (const host of names('large', LARGE_ROUNDS)) rounds.push(await cpuOfRemoval(service, host));
  const took = median(rounds.map((round) => round.took));
  const cpu = median(rounds.map((round) => round.cpu));
  report.measured('removal_1e5', cpu, `answered after ${took.toFixed(0)} ms`);
}

async function besideEngine(report: Report, service: Child, make: () => Host): Promise<void> {
  const { http, engine } = await interleaved(HUGE_ROUNDS, {
    http: async (round) => (await cpuOfRemoval(service, `huge-${String(round)}`)).cpu,
    engine: () => {
      const host = make();
      return cpuMs(() => removeWhole(host));
    },
  });
  const [ours, beside] = [median(http), median(engine)];
  report.measured(
    'removal_1e6',
    ours / beside,
    `${ours.toFixed(0)} ms : ${beside.toFixed(0)} ms, ${String(http.length)} rounds`,
  );
}

async function cpuOfRemoval(service: Child, host: string): Promise<{ cpu: number; took: number }> {
  const before = await service.cpuMicros();
  const begun = performance.now();
  await remove(service, host);
  const took = performance.now() - begun;
  return { cpu: ((await service.cpuMicros()) - before) / 1_000, took };
}

/** Until it has ended; asked again where it takes longer than a request may wait. */
export async function remove(service: Child, host: string): Promise<void> {
  const url = `${service.url}/v1/hosts/${host}/dax-devices/pmem0/remove`;
  let removal = (await ask(url, { trigger: 'unbind' }, { prefer: 'wait=60' })) as Shown;
  while (removal.state !== 'completed')
    removal = (await ask(`${service.url}/v1/removals/${removal.uid}`, undefined, {
      prefer: 'wait=60',
    })) as Shown;
}

interface Shown {
  readonly uid: string;
  readonly state: string;
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${String(at)}`);
}
