import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../src/engine/model/command.ts';
import { prepareAssess, type AssessedPage } from '../src/runtime/assessor.ts';
import { openReadConnection } from '../src/store/connection.ts';
import type { AssessmentPage } from '../src/store/port.ts';
import { startChild, type Child } from './child.ts';
import { build } from './engine.ts';
import { GIB, oneFile, sharedPage } from './fleet.ts';
import { ask } from './load.ts';
import { postOfMapping } from './posts.ts';
import type { Report } from './report.ts';
import { cpuMs, interleaved, median, quantile } from './statistics.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';

const HOSTS = 10_000;
const DEVICES = 8;
const ROUNDS = 7;
const QUIET_MS = 2_000;

/**
 * 10 000 hosts with eight devices each, of which one is used. What its thread does is measured in this one, by CPU; what
 * others wait for meanwhile over HTTP.
 */
export async function benchAssessment(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    writeHosts(path, copies(build(eightDevices())));
    const service = await startChild('service_child', path);
    try {
      await atStart(report, service);
      await inThread(report, service, path);
      await meanwhile(report, service);
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

async function atStart(report: Report, service: Child): Promise<void> {
  const before = await service.cpuMicros();
  await sleep(QUIET_MS);
  const spent = ((await service.cpuMicros()) - before) / 1_000;
  report.measured('assess_start', spent, `in ${String(QUIET_MS)} ms after listening`);
}

type Assessor = ReturnType<typeof prepareAssess>;

/** Turn after turn, as the store asks. */
function firstPage({ answer }: Assessor): AssessmentPage {
  for (let turn = 0; ; turn += 1) {
    const page = answer({ query: { filters: {}, limit: 100 }, turn }).answer as AssessedPage;
    if (page !== 'unfinished') return page as AssessmentPage;
  }
}

/** Each round begins with nothing known, but for the last row. */
async function inThread(report: Report, service: Child, path: string): Promise<void> {
  const db = openReadConnection(path);
  let assessor = prepareAssess(db);
  const { first } = await interleaved(ROUNDS, {
    first: () => {
      assessor = prepareAssess(db);
      return cpuMs(() => firstPage(assessor));
    },
  });
  report.measured('assess_first', median(first), `the very first ${first[0]!.toFixed(0)} ms`);
  const { whole } = await interleaved(ROUNDS, {
    whole: () => {
      assessor = prepareAssess(db);
      return cpuMs(() => {
        firstPage(assessor);
        while (assessor.between());
      });
    },
  });
  report.measured('assess_whole', median(whole) / 1_000, `median of ${String(whole.length)}`);
  const { maintained } = await interleaved(ROUNDS, {
    maintained: async (round) => {
      const { path: to, body } = postOfMapping(`node-${String(round * 977)}`);
      await ask(service.url + to, JSON.parse(body) as object);
      return cpuMs(() => firstPage(assessor));
    },
  });
  report.measured('assess_maintained', median(maintained), `median of ${String(ROUNDS)}`);
  db.close();
}

/** A page of one device, asked for until nothing is pending. */
async function meanwhile(report: Report, service: Child): Promise<void> {
  const url = `${service.url}/v1/assessment?limit=1`;
  const waits: number[] = [];
  for (let pending = 1; pending > 0; ) {
    const begun = performance.now();
    const { summary } = (await ask(url)) as { summary: { pending: number } };
    waits.push(performance.now() - begun);
    ({ pending } = summary);
    await sleep(20);
  }
  // The first starts the thread.
  const [first, ...others] = waits;
  report.measured(
    'assess_others',
    quantile(others, 0.99),
    `p99; the first page after ${first!.toFixed(0)} ms`,
  );
}
