import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createControlPlane } from '../../src/app/control_plane.ts';
import { buildServer } from '../../src/http/server.ts';
import { ClosingError } from '../../src/runtime/closing_error.ts';
import { openStream } from '../support/event_stream.ts';
import { openFreshStore } from '../support/local_store.ts';

const HOST = { name: 'a', kernel: 'v6.12' };

/** A service whose journal cannot be read for streams while there is an error, and the lines of its log. */
async function serve(fault: { error: Error | null }) {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const store = await openFreshStore();
  const events: typeof store.events = (query) => {
    // What a stream looks at before it begins is one event.
    if (fault.error !== null && query.limit > 1) throw fault.error;
    return store.events(query);
  };
  const controlPlane = createControlPlane({ ...store, events }, logger);
  const app = await buildServer({ backend: controlPlane, logger });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const stop = async (): Promise<void> => {
    await app.close();
    await controlPlane.close();
  };
  return { app, stream: `${url}/v1/events/stream`, lines, stop };
}

test.each([
  ['a fault', new TypeError('a bug'), ['events failed to be streamed']],
  ['a store that closes', new ClosingError('the store'), []],
])('%s ends a stream, behind and live, and is told if it is one', async (_what, error, told) => {
  const fault: { error: Error | null } = { error };
  const { app, stream, lines, stop } = await serve(fault);
  const messages = () => lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
  const behind = await openStream(stream);
  for await (const { data } of behind.frames()) expect(data).toBeNull();
  expect(messages()).toEqual(told);
  fault.error = null;
  const live = await openStream(stream);
  await app.inject({ method: 'POST', url: '/v1/hosts', payload: HOST });
  expect(await live.events(1)).toHaveLength(1);
  fault.error = error;
  await app.inject({ method: 'DELETE', url: '/v1/hosts/a' });
  for await (const { data } of live.frames()) expect(data).toBeNull();
  expect(messages()).toEqual([...told, ...told]);
  await stop();
});
