import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

/** What a parent asks of a child: each is answered by a number. */
type Asked = 'cpu' | 'turn' | 'rss' | 'started';

/** A server in a process of its own, which tells where it listens and what it has used. */
export interface Child {
  readonly url: string;
  /** CPU microseconds of all its threads since it began. */
  cpuMicros(): Promise<number>;
  /** Milliseconds of the longest turn of its event loop since this was last asked; nothing is told of before the first time. */
  longestTurnMs(): Promise<number>;
  /** Bytes that it has resident. */
  rssBytes(): Promise<number>;
  /** Milliseconds from the first of its own work to listening: what Node and its modules take is not in it. */
  startedMs(): Promise<number>;
  stop(): Promise<void>;
  /** Ends it whatever it is at. */
  kill(): Promise<void>;
}

/** Starts a module beside this one, which calls `serveParent()`, with these arguments. */
export async function startChild(name: string, ...args: readonly string[]): Promise<Child> {
  const path = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = fork(path, args, { execArgv: profiled() });
  const ended = once(child, 'exit');
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  if (typeof told !== 'string') throw new Error(`${name} ended before it listened`);
  const ask = async (asked: Asked): Promise<number> => {
    child.send(asked);
    const [answer] = (await once(child, 'message')) as [number];
    return answer;
  };
  return {
    url: told,
    cpuMicros: () => ask('cpu'),
    longestTurnMs: () => ask('turn'),
    rssBytes: () => ask('rss'),
    startedMs: () => ask('started'),
    stop: async () => {
      child.send('stop');
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * In the child: tells the parent where it listens, answers its questions, and ends when it says so. `begunMs` is when it
 * began its own work, on the clock of performance.now().
 */
export function serveParent(url: string, close: () => Promise<void>, begunMs = 0): void {
  const startedMs = performance.now() - begunMs;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const answers: Readonly<Record<Asked, () => number>> = {
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    turn: () => {
      // Its clock takes some 15 ms of CPU a second: nobody pays for it who does not ask.
      delay.enable();
      const longest = delay.max / 1e6;
      delay.reset();
      return longest;
    },
    rss: () => process.memoryUsage.rss(),
    started: () => startedMs,
  };
  process.on('message', (asked: Asked | 'stop') => {
    if (asked === 'stop') void close().then(() => process.disconnect());
    else process.send?.(answers[asked]());
  });
  process.send?.(url);
}

/** BENCH_CPU_PROFILE names a folder: each child writes a profile of its main thread there as it ends. */
function profiled(): string[] {
  const folder = process.env['BENCH_CPU_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-interval', '200'];
}
