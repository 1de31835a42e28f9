import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { build } from './engine.ts';
import { fillOverHttp, HOST, MAPPINGS } from './filled.ts';
import { crowd } from './fleet.ts';
import { loadInTurn, type Asked } from './load.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { inTemporaryFolder, writeHosts } from './write_hosts.ts';

const CLIENTS = 16;
const ROUNDS = 9;
/** More than are asked for in all rounds, and than are kept of what was read. */
const MANY = 30_000;

/** What a GET costs beside Fastify with nothing around it; each server has a process, the requests come from this one. */
export async function benchGets(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    writeHosts(path, [build(crowd('many', MANY, 'one'))]);
    const service = await startChild('service_child', path);
    try {
      await fillOverHttp(service.url);
      const mappings = `/v1/hosts/${HOST}/mappings`;
      const [one, list] = [`${mappings}/v4`, `${mappings}?limit=${String(MAPPINGS)}`];
      const bare = await startChild('bare_child', service.url + one, service.url + list);
      try {
        const all = Array.from({ length: MAPPINGS }, (_, at) => `${mappings}/v${String(4 + at)}`);
        await beside(report, 'get_host', 2_000, [service, [`/v1/hosts/${HOST}`]], [bare, ['/one']]);
        await beside(report, 'get_mapping', 2_000, [service, all], [bare, ['/one']]);
        const anew = Array.from({ length: MANY }, (_, at) => `/v1/hosts/many/mappings/v${String(4 + at)}`);
        await beside(report, 'get_anew', 2_000, [service, anew], [bare, ['/one']]);
        await beside(report, 'list_100', 700, [service, [list]], [bare, ['/list']]);
      } finally {
        await bare.stop();
      }
    } finally {
      await service.stop();
    }
  });
}

type Got = readonly [child: Child, paths: readonly string[]];

/** GETs of two in turn: how much CPU the reference needs of what we need. */
async function beside(report: Report, id: RowId, amount: number, ours: Got, reference: Got): Promise<void> {
  const asked = ([child, paths]: Got): Asked => {
    return [child, { requests: paths.map((path) => ({ path })), clients: CLIENTS, amount }];
  };
  const both = await loadInTurn(ROUNDS, asked(ours), asked(reference));
  report.measured(id, both.reference.cpu_us / both.ours.cpu_us, both.of);
}
