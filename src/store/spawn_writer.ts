import { Worker } from 'node:worker_threads';
import type { WriterData } from './message.ts';

/**
 * Starts the writer's thread. Compiled, it is writer.js beside this file. From source (tsx, vitest) it is
 * writer.ts, and the thread registers tsx by itself, whichever way this thread came to understand types: a
 * thread's first file is not read by loaders that its execArgv brings.
 */
export function spawnWriter(workerData: WriterData, file: URL = defaultWriter()): Worker {
  if (!file.pathname.endsWith('.ts')) return new Worker(file, { workerData });
  const first = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${file.href}');`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(first)}`), {
    workerData,
    execArgv: [],
  });
}

function defaultWriter(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './writer.ts' : './writer.js', import.meta.url);
}
