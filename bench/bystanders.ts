import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child } from './child.ts';
import { build } from './engine.ts';
import { extents, oneFile } from './fleet.ts';
import { namespaces } from './imports.ts';
import { ask } from './load.ts';
import { postOfMapping } from './posts.ts';
import { remove } from './removals.ts';
import type { Report } from './report.ts';
import { quantile } from './statistics.ts';
import { inTemporaryFolder, renamed, writeHosts } from './write_hosts.ts';

const EXTENTS = 1e6;
const DEVICES = 10_000;
const IDLE_MS = 3_000;
/** Work that takes longer is given up: what others have noticed until then is told. */
const GIVEN_MS = 90_000;
/** Each asks again this long after its answer: the machine is not full of them. */
const PAUSE_MS = 5;
const READERS = 4;
const OTHER = 'other';

/**
 * What others notice of one host's long work: GETs and small POSTs to another host, asked for at a steady pace while the
 * work runs, beside the same just before it; and the longest turn of the HTTP thread's event loop.
 */
export async function benchBystanders(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    const [shared, copied] = [extents('shared', EXTENTS), extents('copied', EXTENTS, 'private')];
    writeHosts(path, [
      build(oneFile(OTHER)),
      renamed(shared, 'removed'),
      renamed(shared, 'exited'),
      renamed(copied, 'forked'),
      extents('bound', EXTENTS, 'shared', 'ext4'),
      build([{ type: 'create_host', name: 'listed', kernel: 'v6.12' }]),
    ]);
    const service = await startChild('service_child', path);
    const of = (host: string): string => `${service.url}/v1/hosts/${host}`;
    try {
      await watch(service, 300);
      const listing = namespaces(DEVICES);
      await beside(report, service, 'import', () => ask(`${of('listed')}/inventory`, listing));
      await beside(report, service, 'removal', () => remove(service, 'removed'));
      await beside(report, service, 'exit', () =>
        ask(`${of('exited')}/processes/1`, undefined, {}, 'DELETE'),
      );
      // What a removal leaves mapped of an ext4 reaches the device that is bound again.
      await remove(service, 'bound');
      await beside(report, service, 'bind', () => ask(`${of('bound')}/dax-devices/pmem0/bind`, {}));
      const child = { pid: 2, comm: 'bench', parent_pid: 1 };
      await beside(report, service, 'fork', () => ask(`${of('forked')}/processes`, child));
    } finally {
      // What has not ended in time is at it still.
      await service.kill();
    }
  });
}

type Work = 'removal' | 'bind' | 'exit' | 'fork' | 'import';

async function beside(report: Report, service: Child, id: Work, work: () => Promise<unknown>): Promise<void> {
  const idle = await watch(service, IDLE_MS);
  const begun = performance.now();
  const ended = work().then(() => `done in ${(performance.now() - begun).toFixed(0)} ms`);
  const late = sleep(GIVEN_MS, `not done in ${String(GIVEN_MS)} ms`, { ref: false });
  const running = Promise.race([ended, late]);
  const during = await watch(service, running);
  const took = await running;
  const [busy, before] = [quantile(during.gets, 0.99), quantile(idle.gets, 0.99)];
  report.measured(`${id}_p99`, busy / before, `${busy.toFixed(1)} ms : ${before.toFixed(1)} ms, ${took}`);
  const turn = `idle ${idle.turn.toFixed(1)} ms`;
  report.measured(`${id}_loop`, during.turn, turn);
  const [longest, shortest] = [Math.max(...during.posts), Math.max(...idle.posts)];
  report.measured(`${id}_writer`, longest, `idle ${shortest.toFixed(1)} ms`);
}

interface Seen {
  readonly gets: readonly number[];
  readonly posts: readonly number[];
  readonly turn: number;
}

/** GETs and POSTs to another host, for so long or until something is done: how long each took, in milliseconds. */
async function watch(service: Child, until: number | Promise<unknown>): Promise<Seen> {
  let isOver = false;
  const over = (typeof until === 'number' ? sleep(until) : until).finally(() => {
    isOver = true;
  });
  const agent = new Agent({ keepAlive: true });
  const post = postOfMapping(OTHER);
  const pace = async (into: number[], options: Asked): Promise<void> => {
    while (!isOver) {
      into.push(await timeOf(agent, service.url, options));
      await sleep(PAUSE_MS);
    }
  };
  const [gets, posts]: [number[], number[]] = [[], []];
  await service.longestTurnMs();
  const get = { method: 'GET', path: `/v1/hosts/${OTHER}` } as const;
  const readers = Array.from({ length: READERS }, () => pace(gets, get));
  await Promise.all([over, pace(posts, post), ...readers]);
  agent.destroy();
  return { gets, posts, turn: await service.longestTurnMs() };
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

function timeOf(agent: Agent, url: string, { method, path, body }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const headers = { 'content-type': 'application/json' };
    const asked = request(new URL(path, url), { agent, method, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if ((answer.statusCode ?? 0) >= 300) reject(new Error(`${path}: ${String(answer.statusCode)}`));
        else resolve(performance.now() - begun);
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
