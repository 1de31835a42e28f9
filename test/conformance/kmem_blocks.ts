import { hostPath } from './step.ts';
import type { Body, Reply, World } from './step.ts';
import type { RecordingView } from './view.ts';

/** What the kernel has not brought online by itself, as daxctl does it: as movable. */
export async function onlineMovable(view: RecordingView, world: World): Promise<void> {
  for (const block of await blocksOf(view, world)) {
    if (block.state === 'offline') await writeState(view, world, block, 'online_movable');
  }
}

/** The memory blocks of the device, one page of them. */
export async function blocksOf(view: RecordingView, world: World): Promise<Body[]> {
  const { body } = await world.call(
    'GET',
    hostPath(world, `/dax-devices/${view.device}/memory-blocks?limit=500`),
  );
  return (body.items ?? []) as Body[];
}

async function writeState(view: RecordingView, world: World, block: Body, state: string): Promise<Reply> {
  const path = hostPath(world, `/dax-devices/${view.device}/memory-blocks/${String(block.name)}`);
  return world.call('PATCH', path, { state });
}

/** `daxctl offline-memory`: block by block, until one says no or does not return; what is offline stays so. */
export async function offlineAll(view: RecordingView, world: World): Promise<Reply> {
  let last: Reply = { status: 200, body: {}, headers: {} };
  for (const block of await blocksOf(view, world)) {
    if (block.state === 'offline') continue;
    last = await writeState(view, world, block, 'offline');
    if (last.status >= 300 || last.body.result === 'blocked') return last;
  }
  return last;
}
