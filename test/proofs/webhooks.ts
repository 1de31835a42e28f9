import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { createControlPlane, type ControlPlane } from '../../src/app/control_plane.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

/**
 * Sends events to a receiver that fails three times in ten (500, no answer, a connection that is reset), with restarts in
 * between, until each has arrived. Waits are milliseconds here; all else is as it is served. Ends non-zero where a
 * message is missing, or one is not signed as the public package verifies.
 */
const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '10000' },
    restarts: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const [deliveries, restarts] = [Number(values.deliveries), Number(values.restarts)];
const FAILING = 0.3;
const SCHEDULE_MS = Array.from({ length: 30 }, () => 20);
const HOST = 'node-a';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

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

/** What has arrived, by the number of its event: how often it was answered 204. */
interface Arrived {
  readonly times: Map<number, number>;
  readonly failures: { status: number; silence: number; reset: number };
}

function failingReceiver(receiver: Receiver, secret: string): Arrived {
  const verifier = new Webhook(secret);
  const chance = chanceOf(Number(values.seed));
  const arrived: Arrived = { times: new Map(), failures: { status: 0, silence: 0, reset: 0 } };
  const fail = (response: ServerResponse): void => {
    const kind = chance();
    if (kind < 0.8) {
      arrived.failures.status += 1;
      response.writeHead(500).end();
    } else if (kind < 0.9) arrived.failures.silence += 1;
    else {
      arrived.failures.reset += 1;
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
    const seq = Number(event.sequence);
    arrived.times.set(seq, (arrived.times.get(seq) ?? 0) + 1);
    response.writeHead(204).end();
  };
  return arrived;
}

async function start(path: string): Promise<ControlPlane> {
  const store = await openSqliteStore({
    path,
    onFatal: (error) => {
      throw error;
    },
  });
  const controlPlane = createControlPlane(store, log, {
    ...{ targets: ['127.0.0.1'], schedule_ms: SCHEDULE_MS, timeout_ms: 250 },
    concurrency: { of_one: 32, of_host: 32, shared: 32 },
  });
  await controlPlane.start();
  return controlPlane;
}

async function createWebhook({ service }: ControlPlane, url: string): Promise<string> {
  const fields = {
    ...{ url, types: ['host_changed'] as const, host: HOST, dax_device: null, tenant: null },
    ...{ description: null, enabled: true },
  };
  const submitted = await service.submit<'create_webhook'>({
    command: { type: 'create_webhook', fields, secret: null },
  });
  if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
  return submitted.answer.secret!;
}

/** Makes so many events, fifty at a time. */
async function makeEvents(controlPlane: ControlPlane, from: number, n: number): Promise<void> {
  for (let at = 0; at < n; at += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, n - at) }, (_each, more) =>
        controlPlane.submit({
          host: HOST,
          command: { type: 'patch_host', labels: { at: String(from + at + more) } },
        }),
      ),
    );
}

async function run(directory: string): Promise<boolean> {
  const path = join(directory, 'proof.db');
  const receiver = await startReceiver();
  let controlPlane = await start(path);
  await controlPlane.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
  const arrived = failingReceiver(receiver, await createWebhook(controlPlane, receiver.url));
  const parts = restarts + 1;
  for (let part = 0; part < parts; part += 1) {
    const [from, to] = [part, part + 1].map((each) => Math.floor((deliveries * each) / parts)) as [
      number,
      number,
    ];
    await makeEvents(controlPlane, from, to - from);
    if (part === restarts) break;
    // In the middle of it: some have arrived, some are on their way, some wait.
    await until(
      () => arrived.times.size,
      (size) => size >= from + (to - from) / 2,
    );
    await controlPlane.close();
    controlPlane = await start(path);
  }
  await until(
    () => arrived.times.size,
    (size) => size >= deliveries,
  );
  const { items } = await controlPlane.service.webhooks({ limit: 1 });
  await controlPlane.close();
  await receiver.close();
  const twice = [...arrived.times.values()].filter((times) => times > 1).length;
  const { failed, missed_events } = items[0]!.counters;
  process.stdout.write(
    `${String(arrived.times.size)} of ${String(deliveries)} events arrived, verified; ${String(twice)} more than once; failures ${JSON.stringify(arrived.failures)}; ${String(restarts)} restarts; given up ${String(failed)}, missed ${String(missed_events)}\n`,
  );
  return arrived.times.size === deliveries && failed === 0 && missed_events === 0;
}

const directory = mkdtempSync(join(tmpdir(), 'daxplane-proof-'));
try {
  if (!(await run(directory))) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
