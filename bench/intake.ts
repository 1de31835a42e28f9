import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { DEVICES_LISTED, HOSTILE, LISTINGS } from './hostile.ts';
import { ask } from './load.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { inTemporaryFolder } from './write_hosts.ts';

const HOST = 'bench';
const ROUNDS = 5;
const FLEET_HOSTS = 32;
const FLEET_DEVICES = 1_000;
const PLANNED = 8;

/** The longest turn of the HTTP thread that one request makes: bodies and listings, exports, pages of many devices. */
export async function benchIntake(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const service = await startChild('service_child', join(folder, 'bench.db'));
    try {
      await ask(`${service.url}/v1/hosts`, { name: HOST, kernel: 'v6.12' });
      await worst(report, service, 'hostile_body', toEach('/v1/hosts', HOSTILE));
      const inventory = `/v1/hosts/${HOST}/inventory`;
      await worst(report, service, 'hostile_listing', toEach(`${inventory}?dry_run=true`, LISTINGS));
      await ask(service.url + inventory, JSON.parse(LISTINGS[DEVICES_LISTED]!) as object);
      const formats = ['ndctl', 'daxctl'].map((format) => [
        format,
        { path: `${inventory}?format=${format}` },
      ]);
      await worst(report, service, 'export_turn', Object.fromEntries(formats) as Turns);
      for (const host of names()) await importInto(service, host);
      await worst(report, service, 'page_turn', PAGES);
    } finally {
      await service.stop();
    }
  });
}

/** Requests by what is said of them: a POST where there is a body. */
type Turns = Readonly<Record<string, { readonly path: string; readonly body?: string }>>;

function toEach(path: string, bodies: Readonly<Record<string, string>>): Turns {
  return Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, { path, body }]));
}

/** Of each the least of its rounds, since what else runs on the machine only adds; of all of them the longest. */
async function worst(report: Report, service: Child, id: RowId, turns: Turns): Promise<void> {
  let [longest, of] = [0, ''];
  for (const [name, { path, body }] of Object.entries(turns)) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await turnOf(service, path, body));
    const least = Math.min(...rounds);
    if (least > longest) [longest, of] = [least, name];
  }
  report.measured(id, longest, of);
}

/** Whatever is answered: a hostile body is refused. */
async function turnOf(service: Child, path: string, body: string | undefined): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body };
  await service.longestTurnMs();
  const answer = await fetch(service.url + path, sent);
  await answer.arrayBuffer();
  return service.longestTurnMs();
}

const names = (): string[] => Array.from({ length: FLEET_HOSTS }, (_, at) => `node-${String(at)}`);

const PLAN = {
  dax_devices: names().flatMap((host) =>
    Array.from({ length: PLANNED }, (_, at) => ({ host, dax_device: `dax${String(at)}.0` })),
  ),
};
const PAGES: Turns = {
  'a page of devices': { path: '/v1/dax-devices' },
  'a page by filter and sort': { path: '/v1/dax-devices?mode=devdax&sort=-size' },
  'a page by two filters': { path: '/v1/dax-devices?mode=devdax&state=gone' },
  'counts of the fleet': { path: '/v1/fleet' },
  'a plan for 256 devices': { path: '/v1/plans', body: JSON.stringify(PLAN) },
};

async function importInto(service: Child, host: string): Promise<void> {
  const listing = Array.from({ length: FLEET_DEVICES }, (_, at) => ({
    chardev: `dax${String(at)}.0`,
    size: 2 ** 30 + at * 2 ** 21,
    target_node: 1,
    align: 2 ** 21,
    mode: 'devdax',
  }));
  await ask(`${service.url}/v1/hosts`, { name: host, kernel: 'v6.12' });
  await ask(`${service.url}/v1/hosts/${host}/inventory`, listing);
}
