import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../src/engine/model/command.ts';
import { startChild, type Child } from './child.ts';
import { build } from './engine.ts';
import { GIB, oneFile, sharedPage } from './fleet.ts';
import { ask } from './load.ts';
import type { Report } from './report.ts';
import { median } from './statistics.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';

const HOSTS = 10_000;
const DEVICES = 8;
const ROUNDS = 9;
const QUIET_MS = 2_000;

/** 10 000 hosts with eight devices each, of which one is used: a page of their assessment, all of it, and kept. */
export async function benchAssessment(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    const host = build(eightDevices());
    writeHosts(path, copies(host));
    const service = await startChild('service_child.ts', path);
    try {
      await measure(report, service);
    } finally {
      await service.stop();
    }
  });
}

function* copies(host: ReturnType<typeof build>): Generator<ReturnType<typeof build>> {
  for (let at = 0; at < HOSTS; at += 1) yield renamed(host, `node-${String(at)}`);
}

/** One with a file that two processes map, and seven that nobody uses. */
function eightDevices(): Command[] {
  const others = Array.from({ length: DEVICES - 1 }, (_, at): Command => {
    return { type: 'create_dax_device', name: `dax${String(at)}.0`, mode: 'devdax', size: GIB };
  });
  const second: Command = { type: 'create_process', pid: 2, comm: 'bench' };
  return [...oneFile('bench'), second, sharedPage(1), sharedPage(2), ...others];
}

async function measure(report: Report, service: Child): Promise<void> {
  const quiet = await cpuOf(service, () => sleep(QUIET_MS));
  report.measured('assess_start', quiet.cpu_ms, `in ${String(QUIET_MS)} ms after listening`);
  const url = `${service.url}/v1/assessment`;
  const first = await cpuOf(service, () => ask(`${url}?limit=100`));
  report.measured('assess_first', first.cpu_ms, `answered after ${first.took_ms.toFixed(0)} ms`);
  await whole(report, service, url);
  const spent: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await ask(`${service.url}/v1/hosts/node-${String(round * 977)}/mappings`, bodyOf(sharedPage(1)));
    spent.push((await cpuOf(service, () => ask(`${url}?limit=100`))).cpu_ms);
  }
  report.measured('assess_maintained', median(spent), `median of ${String(ROUNDS)}`);
}

/** Until nothing is pending, with a page asked for again and again. */
async function whole(report: Report, service: Child, url: string): Promise<void> {
  let longest = 0;
  const { cpu_ms, took_ms } = await cpuOf(service, async () => {
    for (let pending = Infinity; pending > 0; ) {
      const begun = performance.now();
      const { summary } = (await ask(`${url}?limit=1`)) as { summary: { pending?: number } };
      longest = Math.max(longest, performance.now() - begun);
      pending = summary.pending ?? 0;
      await sleep(20);
    }
  });
  report.measured('assess_whole', cpu_ms / 1_000, `done after ${took_ms.toFixed(0)} ms`);
  report.measured('assess_others', longest, 'a page of one device');
}

function bodyOf({ type: _type, ...body }: Command): object {
  return body;
}

async function cpuOf(
  service: Child,
  work: () => Promise<unknown>,
): Promise<{ cpu_ms: number; took_ms: number }> {
  const before = await service.cpuMicros();
  const begun = performance.now();
  await work();
  const took_ms = performance.now() - begun;
  return { cpu_ms: ((await service.cpuMicros()) - before) / 1_000, took_ms };
}
