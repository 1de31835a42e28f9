import autocannon from 'autocannon';
import { startChildService } from '../test/client/child_service.ts';
import { line, ratio } from './print.ts';

const CLIENTS = 64;
const ROUNDS = 3;
const ROUND_SECONDS = 3;
const perSecond = (value: number): string => `${value.toFixed(0)}/s`;

/** Changes a second of 64 clients, each durable before its answer, beside the same route with dry_run=true. */
export async function benchDurableWrites(): Promise<void> {
  const service = await startChildService({ DAXPLANE_DEMO: '0' });
  try {
    const body = JSON.stringify({ name: 'bench', kernel: 'v6.12' });
    await fetch(`${service.url}/v1/hosts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const rates: Record<'stored' | 'dry', number[]> = { stored: [], dry: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.dry.push(await rateOf(`${service.url}/v1/hosts/bench?dry_run=true`));
      rates.stored.push(await rateOf(`${service.url}/v1/hosts/bench`));
    }
    const best = (values: readonly number[]): number => Math.max(...values);
    ratio(
      `${String(CLIENTS)} clients, durable to storing nothing`,
      best(rates.stored),
      best(rates.dry),
      perSecond,
    );
    line('  rounds, durable', rates.stored.map(perSecond).join(' '));
    line('  rounds, storing nothing', rates.dry.map(perSecond).join(' '));
  } finally {
    await service.stop();
  }
}

async function rateOf(url: string): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url,
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ labels: { bench: 'true' } }),
    connections: CLIENTS,
    duration: ROUND_SECONDS,
  });
  if (non2xx + errors > 0)
    throw new Error(`${String(non2xx)} answers were no 2xx, ${String(errors)} did not come`);
  return requests.average;
}
