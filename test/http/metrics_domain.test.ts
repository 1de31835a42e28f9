import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TENANTS_TOLD } from '../../src/store/figures.ts';
import { openStream } from '../support/event_stream.ts';
import { makeTopology, NOTHING_SENT, serve, startTestServer, type TestServer } from '../support/server.ts';

const server = serve(beforeAll, afterAll, { webhooks: NOTHING_SENT });

/** Samples by their name and labels, as they are written. */
async function scrape(from: TestServer = server): Promise<ReadonlyMap<string, number>> {
  const { status, text } = await from.call('GET', '/metrics');
  expect(status).toBe(200);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

async function make(url: string, body: unknown): Promise<string> {
  const { status, json, text } = await server.call('POST', url, body);
  expect([url, status, text.slice(0, 200)]).toEqual([url, 201, expect.any(String)]);
  return json.id;
}

let at = '';

/** A removal that waits for a pin, windows that are open, and memory that leaks. */
beforeAll(async () => {
  const topology = await makeTopology(server);
  ({ at } = topology);
  const pin = {
    pid: 42,
    mapping: topology.mapping,
    offset: 0,
    length: 4096,
    kind: 'transient',
    holder: 'vmsplice',
  };
  await make(`${at}/pins`, pin);
  await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  await make('/v1/hosts', { name: 'node-k', kernel: 'v6.12' });
  await make('/v1/hosts/node-k/dax-devices', { name: 'dax0.0', mode: 'system-ram', size: '1GiB' });
  await server.call(
    'POST',
    '/v1/hosts/node-k/dax-devices/dax0.0/remove',
    { trigger: 'unbind' },
    { prefer: 'wait=60' },
  );
  const open = await makeTopology(server, 'node-o', 'v6.12');
  await server.call(
    'POST',
    `${open.at}/dax-devices/pmem0/remove`,
    { trigger: 'unbind' },
    { prefer: 'wait=60' },
  );
  const bound = await server.call('POST', `${open.at}/dax-devices/pmem0/bind`, { tenant: 'next' });
  expect(bound.text).toContain('"exposures":[{');
});

describe('what is watched', () => {
  test('is what the counts of the fleet are', async () => {
    const samples = await scrape();
    const { json } = await server.call('GET', '/v1/fleet');
    type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;
    const { hosts, dax_devices, removals, exposures } = json as unknown as Record<string, Counts>;
    const expected = [
      ['daxplane_hosts', 'health', hosts!['health']],
      ['daxplane_dax_devices', 'state', dax_devices!['state']],
    ] as const;
    for (const [name, label, words] of expected) {
      expect(Object.values(words!).some((count) => count > 0)).toBe(true);
      for (const [word, count] of Object.entries(words!))
        expect([name, word, samples.get(`${name}{${label}="${word}"}`)]).toEqual([name, word, count]);
    }
    const crossed = [...samples].flatMap(([name, count]) => {
      const [, state, verdict] = /^daxplane_removals\{state="(\w+)",verdict="(\w+)"\}$/.exec(name) ?? [];
      return state === undefined ? [] : [{ state, verdict, count }];
    });
    for (const label of ['state', 'verdict'] as const)
      for (const [word, count] of Object.entries(removals![label]!)) {
        const those = crossed.filter((one) => one[label] === word);
        expect([word, those.reduce((sum, one) => sum + one.count, 0)]).toEqual([word, count]);
      }
    expect(samples.get('daxplane_removals{state="waiting",verdict="none"}')).toBe(1);
    expect(samples.get('daxplane_removals{state="completed",verdict="exposed"}')).toBe(1);
    expect(samples.get('daxplane_removals{state="waiting",verdict="exposed"}')).toBe(0);
    expect(samples.get('daxplane_exposures_open')).toBe(exposures!['state']!['open']);
    expect(samples.get('daxplane_exposures_open_by_tenant{tenant=""}')).toBe(exposures!['state']!['open']);
    expect(samples.get('daxplane_exposures_open')).toBeGreaterThan(0);
    expect(samples.get('daxplane_figures_up')).toBe(1);
  });

  test('has the age of the removal that waits, and none once it ends', async () => {
    expect((await scrape()).get('daxplane_removals_waiting_oldest_seconds')).toBeGreaterThan(0);
    const pins = await server.call('GET', `${at}/pins`);
    const { json } = await server.call('GET', '/v1/removals?state=waiting');
    const before = (await scrape()).get('daxplane_removals_ended_total{state="completed"}')!;
    await server.call('DELETE', `${at}/pins/${pins.json.items[0]!.id}`);
    await server.controlPlane.waitForRemoval(json.items[0]!.uid, 60_000);
    const samples = await scrape();
    expect(samples.get('daxplane_removals_waiting_oldest_seconds')).toBe(0);
    expect(samples.get('daxplane_removals_ended_total{state="completed"}')).toBe(before + 1);
    expect(samples.get('daxplane_removals_begun_total')).toBe(3);
  });

  test('has the memory that leaked, until the host reboots', async () => {
    const { json } = await server.call('GET', '/v1/hosts/node-k/capacity');
    const { leaked } = json as unknown as { leaked: number };
    expect(leaked).toBeGreaterThan(0);
    expect((await scrape()).get('daxplane_leaked_bytes')).toBe(leaked);
    await server.call('POST', '/v1/hosts/node-k/reboot', {});
    expect((await scrape()).get('daxplane_leaked_bytes')).toBe(0);
  });

  test('counts no removal that comes with the state of a host, restored or forked', async () => {
    const of = '/v1/hosts/node-s';
    await make('/v1/hosts', { name: 'node-s', kernel: 'v6.12' });
    await make(`${of}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
    const before = await make(`${of}/snapshots`, {});
    const wait = { prefer: 'wait=60' };
    await server.call('POST', `${of}/dax-devices/dax0.0/remove`, { trigger: 'unbind' }, wait);
    const after = await make(`${of}/snapshots`, {});
    const counted = async () =>
      [...(await scrape())].filter(([name]) => /^daxplane_removals_(begun|ended)_total/.test(name));
    const until = await counted();
    for (const snapshot of [before, after])
      expect((await server.call('POST', `${of}/restore`, { snapshot })).status).toBe(200);
    await make(`${of}/fork`, { name: 'node-t' });
    expect((await server.call('GET', '/v1/removals?host=node-t')).json.items).toMatchObject([
      { state: 'completed' },
    ]);
    expect(await counted()).toEqual(until);
  });

  test('has the journal, and who follows it', async () => {
    const { as_of, oldest_seq } = (await server.call('GET', '/v1/events?limit=1')).json;
    server.app.journalReaders.set('test', () => ({ count: 2, at: as_of - 3 }));
    server.app.journalReaders.set('nobody', () => ({ count: 0, at: null }));
    const samples = await scrape();
    expect([samples.get('daxplane_journal_last_seq'), samples.get('daxplane_journal_oldest_seq')]).toEqual([
      as_of,
      oldest_seq,
    ]);
    expect(samples.get('daxplane_journal_events')).toBe(as_of - oldest_seq + 1);
    expect(samples.get('daxplane_journal_lag_events{reader="test"}')).toBe(3);
    expect(samples.get('daxplane_journal_readers{reader="test"}')).toBe(2);
    expect(samples.get('daxplane_journal_lag_events{reader="nobody"}')).toBe(0);
  });

  test('has the readers of the stream', async () => {
    const before = await scrape();
    expect([
      before.get('daxplane_journal_readers{reader="stream"}'),
      before.get('daxplane_journal_lag_events{reader="stream"}'),
    ]).toEqual([0, 0]);
    const stream = await openStream(`${await server.listen()}/v1/events/stream`);
    await stream.next();
    const during = await scrape();
    expect([
      during.get('daxplane_journal_readers{reader="stream"}'),
      during.get('daxplane_journal_lag_events{reader="stream"}'),
    ]).toEqual([1, 0]);
    stream.close();
  });

  test('has webhooks and their deliveries', async () => {
    const url = 'https://hooks.invalid/';
    const of = async () => {
      const samples = await scrape();
      const at = (name: string): number => samples.get(`daxplane_webhook${name}"}`) ?? NaN;
      const enabled = at('s{state="ok') + at('s{state="failing');
      const undelivered = at('_deliveries{state="pending') + at('_deliveries{state="failed');
      return [enabled, at('s{state="disabled'), undelivered] as const;
    };
    expect(await of()).toEqual([0, 0, 0]);
    const webhook = await make('/v1/webhooks', { url, types: ['host_deleted'] });
    expect((await server.call('POST', `/v1/webhooks/${webhook}/test`, {})).status).toBe(202);
    expect(await of()).toEqual([1, 0, 1]);
    const samples = await scrape();
    expect(samples.get('daxplane_journal_readers{reader="webhook"}')).toBe(1);
    expect(samples.get('daxplane_webhook_deliveries{state="delivered"}')).toBe(0);
    expect((await server.call('PATCH', `/v1/webhooks/${webhook}`, { enabled: false })).status).toBe(200);
    expect((await of()).slice(0, 2)).toEqual([0, 1]);
    expect((await scrape()).get('daxplane_journal_readers{reader="webhook"}')).toBe(0);
  });

  test('has the turns of the writer', async () => {
    const before = await scrape();
    await make('/v1/hosts', { name: 'node-w', kernel: 'v6.1' });
    const after = await scrape();
    for (const name of ['batch_works', 'turn_seconds', 'commit_seconds'])
      expect(after.get(`daxplane_writer_${name}_count`)).toBe(
        before.get(`daxplane_writer_${name}_count`)! + 1,
      );
    expect(after.get('daxplane_writer_turn_seconds_sum')).toBeGreaterThan(
      after.get('daxplane_writer_commit_seconds_sum')!,
    );
    expect(after.get('daxplane_writer_cached_hosts')).toBeGreaterThan(0);
    expect(after.get('daxplane_writer_cached_bytes')).toBeGreaterThan(0);
    expect(after.get('daxplane_thread_jobs{thread="asker"}')).toBe(0);
  });
});

test('of many tenants those with the most are told by name, the others together', async () => {
  const own = await startTestServer();
  try {
    const figures = own.controlPlane.figures.bind(own.controlPlane);
    const told = Array.from({ length: TENANTS_TOLD }, (_each, place) => ({
      tenant: `t"${String(place)}`,
      open_exposures: 2,
    }));
    own.controlPlane.figures = async () => ({
      ...(await figures()),
      open_exposures: 2 * TENANTS_TOLD + 5,
      open_exposures_of: told,
    });
    expect((await scrape(own)).get('daxplane_exposures_open_of_other_tenants')).toBe(5);
    own.controlPlane.figures = figures;
    const samples = await scrape(own);
    expect([...samples.keys()].filter((name) => name.includes('tenant="'))).toEqual([]);
    expect(samples.get('daxplane_exposures_open_of_other_tenants')).toBe(0);
  } finally {
    await own.close();
  }
});

test('where the figures cannot be read the metrics say so, and all else', async () => {
  const own = await startTestServer();
  try {
    own.controlPlane.figures = async () => {
      throw new Error('broken');
    };
    const samples = await scrape(own);
    expect(samples.get('daxplane_figures_up')).toBe(0);
    expect(samples.get('daxplane_store_degraded')).toBe(0);
  } finally {
    await own.close();
  }
});

describe('the dashboard and the alert rules', () => {
  const read = async (path: string) => readFile(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
  /** Of Prometheus itself. */
  const OWN = ['up'];

  const namesIn = (expressions: readonly string[]): ReadonlySet<string> =>
    new Set(
      expressions
        .flatMap((text) => text.match(/\b(?:up|(?:daxplane|http|nodejs|process)_\w+)\b(?=[{[ )]|$)/g) ?? [])
        .map((name) => name.replace(/_(?:bucket|sum|count)$/, '')),
    );

  const expressionsOf = async () => {
    const rules = [...(await read('alerts.yml')).matchAll(/^ +expr: (.+)$/gm)].map(([, text = '']) => text);
    const { panels } = JSON.parse(await read('grafana/daxplane.json')) as {
      panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    };
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect([rules.length > 10, shown.length > 20]).toEqual([true, true]);
    return [...rules, ...shown];
  };

  test('name metrics that there are, and all of the domain', async () => {
    const { text } = await server.call('GET', '/metrics');
    const served = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
    const named = namesIn(await expressionsOf());
    expect([...named].filter((name) => !served.includes(name) && !OWN.includes(name))).toEqual([]);
    expect(served.filter((name) => name.startsWith('daxplane_') && !named.has(name))).toEqual([]);
  });

  test('lead to the runbook, which has each alert and no other', async () => {
    const rules = await read('alerts.yml');
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);
    const links = [...rules.matchAll(/^ +runbook_url: http:\/\/{{ \$labels.instance }}(\/runbook)#(\w+)$/gm)];
    expect(links.map(([, , name]) => name)).toEqual(alerts);
    const { text } = await server.call('GET', '/runbook', undefined, { accept: 'text/html' });
    expect([...text.matchAll(/<tr id="(Daxplane\w+)">/g)].map(([, name]) => name)).toEqual(alerts);
  });

  test('each series has a help text', async () => {
    const { text } = await server.call('GET', '/metrics');
    const of = (what: string) =>
      [...text.matchAll(new RegExp(`^# ${what} (daxplane_\\w+) \\S`, 'gm'))].map(([, name]) => name);
    expect(of('HELP')).toEqual(of('TYPE'));
    expect(of('HELP').length).toBeGreaterThan(20);
  });
});
