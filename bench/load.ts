import autocannon from 'autocannon';
import type { Child } from './child.ts';
import { median } from './statistics.ts';

/** What so many clients ask of a server, each the next as soon as it is answered: in turn, each client its own part. */
export interface Load {
  readonly requests: readonly autocannon.Request[];
  readonly clients: number;
  /** How many requests in all. */
  readonly amount: number;
}

/** What came of it. */
export interface Loaded {
  /** CPU of the server's process, all its threads, a request. */
  readonly cpu_us: number;
  readonly per_second: number;
}

/** How many requests were sent so far: each load goes on where the last one ended, so that none finds what it left behind. */
let sent = 0;

/** Loads a server from this process, which is another than the server's; each answer has to be a 2xx. */
async function load(child: Child, { requests, clients, amount }: Load): Promise<Loaded> {
  let client = 0;
  const share = Math.ceil(amount / clients);
  let [begun, ended, answered] = [0, 0, 0];
  let allAnswered = (): void => undefined;
  const setupClient = (each: autocannon.Client): void => {
    begun = performance.now();
    each.on('response', () => {
      ended = performance.now();
      answered += 1;
      if (answered === amount) allAnswered();
    });
    const from = sent + client * share;
    client += 1;
    each.setRequests(Array.from({ length: share }, (_, at) => requests[(from + at) % requests.length]!));
  };
  const before = await child.cpuMicros();
  const headers = { 'content-type': 'application/json' };
  const generated = autocannon({ url: child.url, headers, connections: clients, amount, setupClient });
  // The generator itself ends at the next tick of its own clock, which is of seconds: what a server does idle is no request's.
  await Promise.race([new Promise<void>((resolve) => (allAnswered = resolve)), generated]);
  const cpu_us = ((await child.cpuMicros()) - before) / amount;
  const { non2xx, errors } = await generated;
  sent += amount;
  const seconds = (ended - begun) / 1_000;
  if (non2xx + errors > 0)
    throw new Error(`${String(non2xx + errors)} of ${String(amount)} were not answered`);
  return { cpu_us, per_second: amount / seconds };
}

/** A server, and what it is asked. */
export type Asked = readonly [child: Child, load: Load];

/** Rounds before those that count: they are the compiler's. */
const FIRST_ROUNDS = 3;

/** Medians over rounds of two servers in turn, and both in words. */
export async function loadInTurn(
  rounds: number,
  ours: Asked,
  reference: Asked,
): Promise<{ readonly ours: Loaded; readonly reference: Loaded; readonly of: string }> {
  const measured: Readonly<Record<'ours' | 'reference', Loaded[]>> = { ours: [], reference: [] };
  for (let round = -FIRST_ROUNDS; round < rounds; round += 1) {
    const now = { ours: await load(...ours), reference: await load(...reference) };
    if (round < 0) continue;
    measured.ours.push(now.ours);
    measured.reference.push(now.reference);
  }
  const middle = (all: readonly Loaded[]): Loaded => ({
    cpu_us: median(all.map(({ cpu_us }) => cpu_us)),
    per_second: median(all.map(({ per_second }) => per_second)),
  });
  const told = ({ cpu_us, per_second }: Loaded): string =>
    `${per_second.toFixed(0)}/s at ${cpu_us.toFixed(0)} us of CPU`;
  const [mine, theirs] = [middle(measured.ours), middle(measured.reference)];
  return { ours: mine, reference: theirs, of: `${told(mine)} : ${told(theirs)}` };
}

/** One request, a POST where it has a body; what is answered, which has to be a 2xx. */
export async function ask(
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
  method = body === undefined ? 'GET' : 'POST',
): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...sent,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}
