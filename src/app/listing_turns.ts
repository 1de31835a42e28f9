/** Who asks for a turn: under which name, with how many bytes in hand. */
interface Turn {
  readonly name: string;
  readonly bytes: number;
  /** Aborted, it takes away a turn that has not begun; one that has begun goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What may wait; whoever comes beyond it has no turn. */
export interface TurnLimits {
  /** Turns of one name that wait while another of that name is had. */
  readonly waiting: number;
  /** Bytes of all names together, from the asking to the end. */
  readonly bytes: number;
}

/** A turn that was not had, and why; nothing was run. */
interface NoTurn {
  readonly no_turn: string;
}

/** Runs what is asked for under one name one after another, in the order of asking. */
export type TakeTurn = <T>(turn: Turn, run: () => Promise<T>) => Promise<T | NoTurn>;

/** Turns by name. Whoever is not let in, or leaves while waiting, holds nothing from then on. */
export function createListingTurns(limits: TurnLimits): TakeTurn {
  /** A name is there while a turn of it is had; its set begins those that wait, first come first. */
  const queues = new Map<string, Set<() => void>>();
  let bytes = 0;
  const refusalOf = (turn: Turn): string | null => {
    if (turn.signal?.aborted === true) return LEFT;
    const waiting = queues.get(turn.name)?.size ?? 0;
    if (waiting >= limits.waiting) return `${String(waiting)} requests already wait for ${turn.name}`;
    return bytes + turn.bytes > limits.bytes
      ? `the requests that wait already hold ${String(bytes)} bytes`
      : null;
  };
  const take: TakeTurn = async (turn, run) => {
    const no_turn = refusalOf(turn);
    if (no_turn !== null) return { no_turn };
    bytes += turn.bytes;
    try {
      const queue = queues.get(turn.name);
      if (queue === undefined) queues.set(turn.name, new Set());
      else if (!(await comesUp(queue, turn.signal))) return { no_turn: LEFT };
      return await run().finally(() => passOn(queues, turn.name));
    } finally {
      bytes -= turn.bytes;
    }
  };
  return take;
}

const LEFT = 'the client has left';

/** Whether the turn comes before the signal. */
function comesUp(queue: Set<() => void>, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (comes: boolean): void => {
      queue.delete(begin);
      signal?.removeEventListener('abort', leave);
      resolve(comes);
    };
    const begin = (): void => end(true);
    const leave = (): void => end(false);
    queue.add(begin);
    signal?.addEventListener('abort', leave);
  });
}

function passOn(queues: Map<string, Set<() => void>>, name: string): void {
  const [begin] = queues.get(name) ?? [];
  if (begin === undefined) queues.delete(name);
  else begin();
}
