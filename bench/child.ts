import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, which tells where it listens and what it has used. */
export interface Child {
  readonly url: string;
  /** CPU microseconds of all its threads since it began. */
  cpuMicros(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a module beside this one, which calls `serveParent()`, with these arguments. */
export async function startChild(file: string, ...args: readonly string[]): Promise<Child> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, { execArgv: ['--import', 'tsx', ...profiled()] });
  const ended = once(child, 'exit');
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  if (typeof told !== 'string') throw new Error(`${file} ended before it listened`);
  return {
    url: told,
    cpuMicros: async () => {
      child.send('cpu');
      const [micros] = (await once(child, 'message')) as [number];
      return micros;
    },
    stop: async () => {
      child.send('stop');
      await ended;
    },
  };
}

/** In the child: tells the parent where it listens, answers its questions, and ends when it says so. */
export function serveParent(url: string, close: () => Promise<void>): void {
  process.on('message', (asked) => {
    if (asked === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send?.(user + system);
    } else void close().then(() => process.disconnect());
  });
  process.send?.(url);
}

/** BENCH_CPU_PROFILE names a folder: each child writes a profile of its main thread there as it ends. */
function profiled(): string[] {
  const folder = process.env['BENCH_CPU_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-interval', '200'];
}
