import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Host } from '../src/engine/model/host.ts';
import type { CpuOf } from './slopes.ts';
import { cpuMs } from './statistics.ts';
import { renamed } from './write_hosts.ts';

/**
 * Works on copies of a host that is built once for each size, on as many of each as come to the largest size: so that the
 * garbage collector has its part in what all of them take, not in what large ones take alone. What making them left is
 * collected before.
 */
export function onCopies(
  largest: number,
  make: (size: number) => Host,
  work: (host: Host, size: number) => unknown,
): CpuOf {
  const built = new Map<number, Host>();
  return async (size) => {
    const host = built.get(size) ?? make(size);
    built.set(size, host);
    const copies = Array.from({ length: largest / size }, () => renamed(host, 'bench'));
    collectGarbage();
    const spent = await cpuMs(() => {
      for (const copy of copies) work(copy, size);
    });
    return spent / copies.length;
  };
}

/** Of Node itself, which has no other way to ask for it. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
