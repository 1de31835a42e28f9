import { decide } from '../engine/decide.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import type { ImportInventory } from '../engine/model/host_command.ts';
import type { Context } from '../engine/model/transaction.ts';
import type { Connection } from '../store/connection.ts';
import type { Decided } from '../store/decided.ts';
import { prepareHostSeq, prepareLastSeq } from '../store/journal.ts';
import { prepareKeptBeside, type KeptBeside } from '../store/kept_state.ts';
import { prepareLoad } from '../store/load.ts';
import { unpackJson } from '../store/packed.ts';
import { packDecided } from '../store/packed_decision.ts';
import type { PackedSubmission, Submission, Submitted } from '../store/port.ts';
import { answerRead, type LoadedState } from '../store/read_only.ts';
import { isTopologyAsked } from '../store/topology_digest.ts';
import type { HostWork } from '../store/transact.ts';
import type { LeftUndecided } from './message.ts';
import type { MadeElsewhere } from './writer_client.ts';

/** Work that the writer left undecided; `command` is that of an import, packed. */
export type Undone =
  | { readonly work: HostWork }
  | { readonly work: Omit<PackedSubmission, 'command'>; readonly command: ArrayBuffer };

/**
 * Prepares deciding what takes more than one run, of what is committed: `Decided`, packed, for the writer to commit if
 * the host is still as it was read.
 */
export function prepareDecide(db: Connection, context: () => Context): (undone: Undone) => ArrayBuffer {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  const lastOf = prepareHostSeq(db);
  // In one transaction, so that all that is read of a host is of the state that its number names; as short as the asker's.
  const beside = prepareKeptBeside(db, load);
  const read = db.transaction((work: HostWork) => ({
    ...{ host: load(work.host), seq: last(), host_seq: lastOf(work.host) },
    kept: beside(work),
  }));
  return (undone) => {
    const work = unpacked(undone);
    const { host_seq, kept, ...loaded } = read(work);
    return packDecided(decided(kept.work(), kept, { ...loaded, host_seq }, context()));
  };
}

function decided(
  work: HostWork,
  { content }: KeptBeside,
  { host_seq, ...loaded }: LoadedState & { readonly host_seq: number },
  context: Context,
): Decided {
  if ('question' in work || work.dry_run === true) return { answered: answerRead(loaded, work, context) };
  if (!isTopologyAsked(loaded.host, work.precondition))
    return { answered: { status: 'precondition_failed' } };
  const decision = decide(loaded.host, work.command, context);
  const packed = isRefusal(decision) ? null : content();
  return { decision, host_seq, ...(packed === null ? {} : { content: packed }) };
}

function unpacked(undone: Undone): HostWork {
  if (!('command' in undone)) return undone.work;
  const command = unpackJson(undone.command) as ImportInventory;
  return { ...undone.work, command } satisfies Submission;
}

/** So often a command is decided again whose host was changed meanwhile; then it is for its client to ask again. */
const TRIES_MAX = 8;

/** The writer as it is asked to do one piece of work. */
export interface Writing {
  readonly write: (made: MadeElsewhere | null) => Promise<Submitted<unknown> | LeftUndecided>;
  readonly letGo: (hold: number) => void;
}

/**
 * Has the writer do a piece of work, and where it leaves it undecided, another thread decide it first. The writer holds
 * the host of a command meanwhile, so that it is committed as it was decided; only what takes too long, or who writes to
 * the file from outside, has it decided again. `host_busy` is answered to who was overtaken 8 times.
 */
export async function decidedElsewhere(
  { write, letGo }: Writing,
  decideIt: () => Promise<ArrayBuffer>,
): Promise<Submitted<unknown>> {
  let submitted = await write(null);
  for (let tries = 0; submitted.status === 'undecided'; tries += 1) {
    const { hold } = submitted;
    const giveUp = (): void => {
      if (hold !== null) letGo(hold);
    };
    if (tries === TRIES_MAX) {
      giveUp();
      return { status: 'unavailable', why: HOST_BUSY };
    }
    const decided = await decideIt().catch((error: unknown) => {
      giveUp();
      throw error;
    });
    submitted = await write({ decided, resumes: hold });
  }
  return submitted;
}

const HOST_BUSY = {
  unavailable: true,
  code: 'host_busy',
  detail: `the host was changed ${String(TRIES_MAX)} times while it was worked out what this does`,
  retry_after_s: 1,
} as const;
