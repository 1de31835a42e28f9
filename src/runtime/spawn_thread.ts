import { Worker, type ResourceLimits, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread, bounded in memory where asked. Compiled, its first file is JavaScript. From source (tsx, vitest) it
 * is TypeScript, and the thread registers tsx by itself, whichever way this thread came to understand types: a thread's
 * first file is not read by loaders that its execArgv brings.
 */
export function spawnThread(file: URL, workerData: unknown, resourceLimits: ResourceLimits = {}): Worker {
  const options: WorkerOptions = { workerData, resourceLimits };
  if (!file.pathname.endsWith('.ts')) return new Worker(file, options);
  const first = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${file.href}');`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(first)}`), {
    ...options,
    execArgv: [],
  });
}

/** A thread's first file beside the module that asks, in source or compiled. */
export function threadFile(module: string, name: string): URL {
  return new URL(`./${name}.${module.endsWith('.ts') ? 'ts' : 'js'}`, module);
}
