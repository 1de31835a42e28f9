import type { Host } from '../engine/model/host.ts';

/** The hosts that were worked on last, as the open transaction sees them. Applying an event changes them in place. */
export interface HostCache {
  readonly load: (name: string) => Host;
  /** Forgets a host whose state in memory may differ from the stored one. */
  readonly evict: (name: string) => void;
  readonly clear: () => void;
}

/** Keeps at most `capacity` hosts; the one not asked for the longest goes first. Hosts that are not there are not kept. */
export function createHostCache(loadHost: (name: string) => Host, capacity: number): HostCache {
  const hosts = new Map<string, Host>();
  const load = (name: string): Host => {
    const cached = hosts.get(name);
    if (cached !== undefined) hosts.delete(name);
    const host = cached ?? loadHost(name);
    hosts.set(name, host);
    if (hosts.size > capacity) evictFirst(hosts);
    return host;
  };
  return {
    load,
    evict: (name) => void hosts.delete(name),
    clear: () => hosts.clear(),
  };
}

function evictFirst(hosts: Map<string, Host>): void {
  const [oldest] = hosts.keys();
  if (oldest !== undefined) hosts.delete(oldest);
}
