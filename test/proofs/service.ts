import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildService, type ChildService } from '../client/child_service.ts';

/** A service that is stopped and started again over the same database, at another port each time. */
export interface RestartedService {
  /** Where it answers; while it is started anew, where it will. */
  readonly url: () => Promise<string>;
  /** Ends it, by kill -9 or by SIGTERM, and starts it again. */
  readonly restart: (how: 'kill' | 'stop') => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts one over a database that ends with it: src/main.ts, or what stands for it. */
export async function startRestarted(
  more: Readonly<Record<string, string>> = {},
  main?: string,
): Promise<RestartedService> {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-proof-'));
  const env = { DAXPLANE_DB: join(directory, 'daxplane.db'), DAXPLANE_DEMO: '0', ...more };
  let current: Promise<ChildService> = startChildService(env, main);
  const again = async (before: ChildService, how: 'kill' | 'stop'): Promise<ChildService> => {
    if (how === 'kill') await before.crash();
    const status = await before.stop();
    if (how === 'stop' && status !== 0) throw new Error(`the service ended with ${String(status)}`);
    return startChildService(env, main);
  };
  return {
    url: async () => (await current).url,
    restart: async (how) => {
      const before = await current;
      current = again(before, how);
      await current;
    },
    close: async () => {
      await (await current).stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
