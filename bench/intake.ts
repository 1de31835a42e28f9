import { monitorEventLoopDelay } from 'node:perf_hooks';
import autocannon from 'autocannon';
import type { ControlPlane } from '../src/app/control_plane.ts';
import { line, milliseconds } from './print.ts';
import { serve } from './serve.ts';

const HOST = 'bench';
const REQUESTS = 4;
const ROUNDS = 5;
const DEVICES = 6_000;

/** What one request can do to the HTTP thread. */
export async function benchIntake(): Promise<void> {
  await serve(async (url, controlPlane) => {
    await controlPlane.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
    await hostileBodies(url);
    await listings(url);
    await exported(url, controlPlane);
  });
}

/** Each beside an ordinary body; the requests come from a thread of their own. */
async function hostileBodies(url: string): Promise<void> {
  const hosts = `${url}/v1/hosts`;
  const ordinary = JSON.stringify({ name: HOST, kernel: 'v6.12' });
  line('longest turn of the HTTP thread, an ordinary body', milliseconds(await longestTurn(hosts, ordinary)));
  for (const [name, body] of Object.entries(HOSTILE)) {
    line(`  ${name}`, milliseconds(await longestTurn(hosts, body)));
  }
}

async function listings(url: string): Promise<void> {
  const inventory = `${url}/v1/hosts/${HOST}/inventory?dry_run=true`;
  for (const [name, body] of Object.entries(LISTINGS)) {
    line(`  ${name}`, milliseconds(await longestTurn(inventory, body)));
  }
}

/** Each beside a GET of the host, in turn. */
async function exported(url: string, controlPlane: ControlPlane): Promise<void> {
  const host = `${url}/v1/hosts/${HOST}`;
  await controlPlane.importInventory({ host: HOST, bytes: Buffer.from(LISTINGS[DEVICES_LISTED]!) });
  for (const format of ['ndctl', 'daxctl']) {
    line('longest turn of the HTTP thread, GET of a host', milliseconds(await longestTurn(host)));
    const inventory = `${host}/inventory?format=${format}`;
    line(`  export of ${String(DEVICES)} devices, ${format}`, milliseconds(await longestTurn(inventory)));
  }
}

/** A POST of the body, or a GET. The least of five rounds: what else runs on the machine only adds to a turn. */
async function longestTurn(url: string, body?: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const asked = body === undefined ? {} : ({ method: 'POST', headers, body } as const);
  const request = { url, ...asked, connections: 1, workers: 1, timeout: 60 } as const;
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await autocannon({ ...request, amount: REQUESTS });
    delay.disable();
    rounds.push(delay.max / 1e6);
  }
  return Math.min(...rounds);
}

const members = (count: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${String(at)}`, value]));

/** As large as a body may be, or as many members: what is refused last. */
const HOSTILE: Readonly<Record<string, string>> = {
  '30 000 unknown members': JSON.stringify(members(30_000, 1)),
  '1 000 unknown members': JSON.stringify(members(1_000, 1)),
  '1 000 wrong labels': JSON.stringify({ name: 'b', kernel: 'v6.1', labels: members(1_000, 1) }),
  '250 000 brackets': '['.repeat(250_000),
  'an array of 250 000 numbers': `[${'1,'.repeat(249_999)}1]`,
  'a string of 500 KB': JSON.stringify({ name: 'x'.repeat(500_000) }),
  'a string of 80 000 escapes': `{"name":"${'\\u0041'.repeat(80_000)}"}`,
  'a number of 500 000 digits': `{"name":${'1'.repeat(500_000)}}`,
};

const WRONG = { size: 'x', target_node: 'x', align: 'x', mode: 3, movable: 3, numa_node: 'x', state: 7 };
const DEVICES_LISTED = `a listing of ${String(DEVICES)} devices`;
const LISTINGS: Readonly<Record<string, string>> = {
  [DEVICES_LISTED]: JSON.stringify(
    Array.from({ length: DEVICES }, (_, at) => ({
      chardev: `dax${String(at)}.0`,
      size: 2 ** 30,
      target_node: 1,
      align: 2 ** 21,
      mode: 'devdax',
    })),
  ),
  'a listing of 9 000 devices, seven values of each wrong': JSON.stringify(
    Array.from({ length: 9_000 }, (_, at) => ({ ...WRONG, chardev: `dax${String(at)}.0` })),
  ),
  'a listing of 800 000 documents that no tool prints': '{"a":[{}]}'.repeat(800_000),
  'a listing of 2 000 000 objects that no tool prints': `[${'{},'.repeat(2_000_000)}{}]`,
  'a listing of 10 000 objects under one long key': `{"${'k'.repeat(4_000_000)}":[${'{},'.repeat(9_999)}{}]}`,
  'a listing of 8 MB, one string': JSON.stringify([{ dev: 'x'.repeat(8_000_000) }]),
  'a listing of 4 000 000 brackets': '['.repeat(4_000_000),
  'a listing of 1 000 000 numbers': `[${'12,'.repeat(1_000_000)}1]`,
};
