import type { Command } from '../engine/model/command.ts';
import type { Host } from '../engine/model/host.ts';
import { refuse } from '../engine/model/refusal.ts';
import type { KeptState } from '../engine/model/kept_state.ts';
import type { Connection } from './connection.ts';
import type { Inquiry, Submission } from './port.ts';
import { hostIn, packContent, prepareDump, prepareReadContent } from './snapshot_content.ts';

/** What work needs beside its host, as it was read; to be called once nothing is read any more. */
export interface KeptBeside {
  /** A command with the state that it asks for. */
  readonly work: () => Submission | Inquiry;
  /** Of a snapshot its content, packed; null else. */
  readonly content: () => Buffer | null;
}

/** Prepares reading what work needs beside its host: within the transaction in which the host is read. */
export function prepareKeptBeside(
  db: Connection,
  load: (host: string) => Host,
): (work: Submission | Inquiry) => KeptBeside {
  const dump = prepareDump(db);
  const readContent = prepareReadContent(db);
  const kept = (host: string, id: string): (() => KeptState) => {
    const packed = readContent(host, id);
    return () => (packed === null ? notFound(host, id) : unpacked(packed, id));
  };
  return (work) => {
    if ('question' in work) return { work: () => work, content: () => null };
    const { host, command, dry_run } = work;
    const content = command.type === 'create_snapshot' && dry_run !== true ? dump(host) : null;
    const state = stateOf(host, command, load, kept);
    return {
      work: () => (state === null ? work : { ...work, command: withState(command, state()) }),
      content: () => (content === null ? null : packContent(content)),
    };
  };
}

function stateOf(
  host: string,
  command: Command,
  load: (host: string) => Host,
  kept: (host: string, id: string) => () => KeptState,
): (() => KeptState) | null {
  if (command.type === 'restore_host') return kept(host, command.snapshot);
  if (command.type !== 'fork_host') return null;
  if (command.snapshot !== undefined) return kept(command.from, command.snapshot);
  const source = load(command.from);
  return () => (source.tables.hosts.size === 0 ? refuse('host_not_found', 'there is no such host') : source);
}

function withState(command: Command, state: KeptState): Command {
  return command.type === 'restore_host' || command.type === 'fork_host' ? { ...command, state } : command;
}

function notFound(host: string, id: string): KeptState {
  return refuse('snapshot_not_found', `${host} has no snapshot ${id}`);
}

/** What this version makes of it. Nothing but its bytes, or the migrations, can be at fault. */
function unpacked(packed: Buffer, id: string): KeptState {
  try {
    return hostIn(packed);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse('snapshot_unreadable', `this version cannot read the snapshot ${id}: ${why}`);
  }
}
