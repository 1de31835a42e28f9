/** What waits: its number, and whose command it is. */
interface Waiting {
  readonly id: number;
  readonly work: { readonly host: string };
  /** The hold that it ends, with what another thread has decided; null where it ends none. */
  readonly resumes: number | null;
}

interface Hold<Queued> {
  readonly by: number;
  readonly waiting: Queued[];
  readonly timer: NodeJS.Timeout;
}

/** Hosts of which another thread decides a command: whoever comes later waits in order, and other hosts go on. */
export interface HeldHosts<Queued> {
  /** Puts work aside whose host is held, unless it is what the host is held for; whether it did. */
  readonly keeps: (queued: Queued) => boolean;
  /** Holds the host of a command, from now on or still, under the number that is returned. */
  readonly hold: (queued: Queued) => number;
  /** Ends a hold, if it still is one: what has waited, in order. */
  readonly letGo: (by: number) => readonly Queued[];
  readonly letAllGo: () => readonly Queued[];
}

/** No host is held for longer than `holdMs` at a time: then `tooLong` is called with its hold. */
export function createHeldHosts<Queued extends Waiting>(
  holdMs: number,
  tooLong: (by: number) => void,
): HeldHosts<Queued> {
  const holds = new Map<string, Hold<Queued>>();
  const end = (host: string, { waiting, timer }: Hold<Queued>): readonly Queued[] => {
    clearTimeout(timer);
    holds.delete(host);
    return waiting;
  };
  return {
    keeps: (queued) => {
      const hold = holds.get(queued.work.host);
      if (hold === undefined || hold.by === queued.resumes) return false;
      hold.waiting.push(queued);
      return true;
    },
    hold: ({ id, work: { host } }) => {
      const known = holds.get(host);
      if (known !== undefined) return known.by;
      const timer = setTimeout(() => tooLong(id), holdMs).unref();
      holds.set(host, { by: id, timer, waiting: [] });
      return id;
    },
    letGo: (by) => {
      const [host, hold] = [...holds].find(([, each]) => each.by === by) ?? [];
      return host === undefined || hold === undefined ? [] : end(host, hold);
    },
    letAllGo: () => [...holds].flatMap(([host, hold]) => end(host, hold)),
  };
}
