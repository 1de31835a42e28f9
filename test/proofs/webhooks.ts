import type { ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';
import { startRestarted } from './service.ts';

/**
 * Sends events to a receiver that fails three times in ten (500, no answer, a connection that is reset), while the service
 * is ended by kill -9 and SIGTERM in turn, until each has arrived. Waits are milliseconds here; all else is as it is served.
 * A message may come twice, under the same webhook-id: these are counted. Ends non-zero where an event is missing or has
 * come under two ids, or a message is not signed as the public package verifies.
 */
const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '10000' },
    restarts: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
  },
});
const [deliveries, restarts] = [Number(values.deliveries), Number(values.restarts)];
const FAILING = 0.3;
const HOST = 'node-a';

/** Marsaglia's xorshift32: the same failures for the same seed, as far as the order of arrivals is the same. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What has arrived and was answered 204. */
interface Arrived {
  /** By webhook-id: how often. */
  readonly times: Map<string, number>;
  /** The numbers of the events. */
  readonly events: Set<number>;
  readonly failures: { status: number; silence: number; reset: number };
}

function failingReceiver(receiver: Receiver, secret: string): Arrived {
  const verifier = new Webhook(secret);
  const chance = chanceOf(Number(values.seed));
  const failures = { status: 0, silence: 0, reset: 0 };
  const arrived: Arrived = { times: new Map(), events: new Set(), failures };
  const fail = (response: ServerResponse): void => {
    const kind = chance();
    if (kind < 0.8) {
      failures.status += 1;
      response.writeHead(500).end();
    } else if (kind < 0.9) failures.silence += 1;
    else {
      failures.reset += 1;
      response.socket?.resetAndDestroy();
    }
  };
  receiver.answer = ({ body, headers }: Received, response) => {
    // The list of all that came is not needed, and would grow.
    receiver.received.length = 0;
    const event = verifier.verify(body, headers as Record<string, string>) as { readonly sequence: string };
    if (chance() < FAILING) {
      fail(response);
      return;
    }
    const id = String(headers['webhook-id']);
    arrived.times.set(id, (arrived.times.get(id) ?? 0) + 1);
    arrived.events.add(Number(event.sequence));
    response.writeHead(204).end();
  };
  return arrived;
}

async function ask<T>(method: string, url: string, body?: object): Promise<T> {
  const sent = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url, { method, ...(body === undefined ? {} : sent) });
  if (!response.ok) throw new Error(`${method} ${url}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Makes so many events, fifty at a time: each that is answered is to arrive. */
async function makeEvents(url: string, from: number, n: number): Promise<void> {
  for (let at = 0; at < n; at += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, n - at) }, (_each, more) =>
        ask('PATCH', `${url}/v1/hosts/${HOST}`, { labels: { at: String(from + at + more) } }),
      ),
    );
}

/** What the service tells of its one webhook. */
interface Told {
  readonly secret: string;
  readonly counters: { readonly pending: number; readonly failed: number; readonly missed_events: number };
}

async function run(receiver: Receiver): Promise<boolean> {
  const service = await startRestarted(
    { DAXPLANE_WEBHOOK_TARGETS: '127.0.0.1' },
    'test/proofs/hasty_service.ts',
  );
  try {
    const webhooks = async () => `${await service.url()}/v1/webhooks`;
    await ask('POST', `${await service.url()}/v1/hosts`, { name: HOST, kernel: 'v6.12' });
    const wanted = { url: receiver.url, types: ['host_changed'], host: HOST };
    const { secret } = await ask<Told>('POST', await webhooks(), wanted);
    const arrived = failingReceiver(receiver, secret);
    const arrive = (n: number) =>
      until(
        () => arrived.events.size,
        (size) => size >= n,
      );
    const firstOf = (part: number): number => Math.floor((deliveries * part) / (restarts + 1));
    for (let part = 0; part <= restarts; part += 1) {
      const [from, to] = [firstOf(part), firstOf(part + 1)];
      await makeEvents(await service.url(), from, to - from);
      if (part === restarts) break;
      // In the middle of it: some have arrived, some are on their way, some wait.
      await arrive(from + (to - from) / 2);
      await service.restart(part % 2 === 0 ? 'kill' : 'stop');
    }
    await arrive(deliveries);
    const { counters } = await until(
      async () => (await ask<{ readonly items: [Told] }>('GET', await webhooks())).items[0],
      (told) => told.counters.pending === 0,
    );
    return report(arrived, counters);
  } finally {
    await service.close();
  }
}

/** Prints what came of it; whether all is well. */
function report({ times, events, failures }: Arrived, { failed, missed_events }: Told['counters']): boolean {
  const twice = [...times.values()].filter((n) => n > 1).length;
  const otherIds = times.size - events.size;
  process.stdout.write(
    `${String(events.size)} of ${String(deliveries)} events arrived, verified; ${String(twice)} more than once, by their webhook-id; ${String(otherIds)} under another id; failures ${JSON.stringify(failures)}; ${String(restarts)} restarts, of which ${String(Math.ceil(restarts / 2))} by kill -9; given up ${String(failed)}, missed ${String(missed_events)}\n`,
  );
  return events.size === deliveries && otherIds === 0 && failed === 0 && missed_events === 0;
}

const receiver = await startReceiver();
try {
  if (!(await run(receiver))) process.exitCode = 1;
} finally {
  await receiver.close();
}
