import type { Reply } from '../step.ts';
import { devicePath } from './devices.ts';
import type { Stage } from './stage.ts';

/** A write that takes memory offline, what the recorded one met, and the blocks that it is about. */
interface OfflineWrite {
  readonly met: string;
  readonly blocks: readonly string[];
  readonly write: () => Promise<Reply>;
}

/**
 * Where chance decides in the kernel whether memory goes offline, what the recording met tells what was in it, if that
 * is one of the ends that the service offers: then it is told so, and the write is made again.
 */
export async function asChanceHadIt(stage: Stage, { met, blocks, write }: OfflineWrite): Promise<Reply> {
  const reply = await write();
  const possible = (reply.body.possible ?? []) as readonly { readonly outcome: string }[];
  const went = met === 'ok';
  if (!possible.some(({ outcome }) => outcome === (went ? 'offline' : met))) return reply;
  // One block with a page that cannot move is enough.
  for (const name of went ? blocks : blocks.slice(0, 1)) {
    await stage.call('PATCH', devicePath(stage, `/memory-blocks/${name}`), { kernel_pages: !went });
  }
  return write();
}
