import { until } from '../support/until.ts';
import { text } from './answer.ts';
import type { Body, Reply, World } from './step.ts';

/**
 * Asks for a removal and tells what became of it: the refusal, or the removal at rest. `Prefer: wait` would not do: it
 * waits for a waiting removal too, and its time may be up while one still runs.
 */
export async function removeToRest(world: World, path: string, body: Body): Promise<Reply> {
  const reply = await world.call('POST', path, body);
  const { location } = reply.headers;
  return reply.status >= 300 || location === undefined ? reply : atRest(world, location);
}

/** The same where the request begins a removal for each device that stands on what goes. */
export async function removeAllToRest(world: World, path: string, body: Body): Promise<Reply> {
  const reply = await world.call('POST', path, body);
  if (reply.status >= 300) return reply;
  const removals: Body[] = [];
  for (const { id } of reply.body.removals as readonly Body[]) {
    removals.push((await atRest(world, `/v1/removals/${text(id)}`)).body);
  }
  return { ...reply, body: { ...reply.body, removals } };
}

/** The removal once it does not run: completed, stuck, or waiting until something is released. */
export function atRest(world: World, path: string): Promise<Reply> {
  return until(
    () => world.call('GET', path),
    ({ body }) => body.state !== 'running',
  );
}
