import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** The real service in a process of its own, over a database that ends with it. */
export interface ChildService {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** SIGTERM; the exit status. */
  stop(): Promise<number | null>;
  /** kill -9: no drain, no goodbye. */
  crash(): Promise<void>;
}

/** src/main.ts, or what stands for it, in a process, on a free port of the loopback unless told. `first`: modules that it loads before. */
export function spawnService(
  env: Readonly<Record<string, string>>,
  first: readonly string[] = [],
  main = 'src/main.ts',
): ChildProcess {
  const imports = [...first, 'tsx'].flatMap((module) => ['--import', module]);
  return spawn(process.execPath, [...imports, main], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DAXPLANE_HOST: '127.0.0.1',
      DAXPLANE_PORT: '0',
      DAXPLANE_LOG_LEVEL: 'warn',
      DAXPLANE_RATE_LIMIT: '0',
      ...env,
    },
  });
}

/** Starts src/main.ts, or what stands for it, on a free port; resolves once it listens. Rejects with what it wrote where it ends before. */
export async function startChildService(
  env: Readonly<Record<string, string>> = {},
  main?: string,
): Promise<ChildService> {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-'));
  const child = spawnService({ DAXPLANE_DB: join(directory, 'daxplane.db'), ...env }, [], main);
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
    return child.exitCode;
  };
  const crash = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    return { url: await listening(child), stop, crash };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The URL that a starting service prints; rejects with what it wrote where it ends before. */
export function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let written = '';
    const read = (chunk: Buffer): void => {
      written += chunk.toString();
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(written) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`the service ended with ${String(code)}: ${written}`));
    });
  });
}
