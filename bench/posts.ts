import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { oneFile, sharedPage } from './fleet.ts';
import { loadInTurn } from './load.ts';
import type { Report } from './report.ts';
import { inTemporaryFolder, writeHosts } from './write_hosts.ts';

const HOSTS = 100;
const ROUNDS = 7;
const AMOUNT = { 64: 1_500, 256: 2_000 } as const;

/** A durable POST of a mapping to one of 100 hosts, beside the same over a backend that stores nothing. */
export async function benchPosts(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'bench.db');
    writeHosts(path, names().map(oneFile));
    const service = await startChild('service_child', path);
    const stub = await startChild('stub_child');
    try {
      for (const clients of [64, 256] as const) await beside(report, service, stub, clients);
    } finally {
      await service.stop();
      await stub.stop();
    }
  });
}

async function beside(report: Report, service: Child, stub: Child, clients: 64 | 256): Promise<void> {
  const asked = { requests: names().map(postOfMapping), clients, amount: AMOUNT[clients] };
  const { ours, reference, of } = await loadInTurn(ROUNDS, [service, asked], [stub, asked]);
  report.measured(`post_${clients}`, ours.per_second / reference.per_second, of);
}

/** A POST of a mapping of the one file of such a host, as the load generator takes it. */
export function postOfMapping(host: string): { method: 'POST'; path: string; body: string } {
  const { type: _type, ...body } = sharedPage(1);
  return { method: 'POST', path: `/v1/hosts/${host}/mappings`, body: JSON.stringify(body) };
}

function names(): string[] {
  return Array.from({ length: HOSTS }, (_, at) => `node-${String(at)}`);
}
