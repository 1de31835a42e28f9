import { join } from 'node:path';
import { openReadConnection, openWriteConnection } from '../src/store/connection.ts';
import { migrate } from '../src/store/migrate.ts';
import { startChild, type Child } from './child.ts';
import { oneFile, sharedPage } from './fleet.ts';
import { ask } from './load.ts';
import type { Report } from './report.ts';
import { cpuMs, interleaved, median } from './statistics.ts';
import { inTemporaryFolder, writeHosts } from './write_hosts.ts';

const ITEMS = 1_000;
const BATCHES = 10;
const ROUNDS = 7;
/** The first are the compiler's. */
const WARM_UP = 2;

/** Mappings by `POST …/mappings/batch`, beside the very rows that come of it put into an empty table of that schema. */
export async function benchBulk(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const hosts = Array.from({ length: (ROUNDS + WARM_UP) * BATCHES }, (_, at) => `node-${String(at)}`);
    const path = join(folder, 'bench.db');
    writeHosts(path, hosts.map(oneFile));
    const service = await startChild('service_child', path);
    const raw = openRaw(join(folder, 'raw.db'), path);
    try {
      const spent = await interleaved(ROUNDS + WARM_UP, {
        api: (round) => load(service, hosts.slice(round * BATCHES, (round + 1) * BATCHES)),
        raw: () => raw.write(),
      });
      const [api, rows] = [spent.api, spent.raw].map((each) => median(each.slice(WARM_UP))) as [
        number,
        number,
      ];
      report.measured('bulk_load', rows / api, `${api.toFixed(1)} us : ${rows.toFixed(1)} us a mapping`);
    } finally {
      raw.close();
      await service.stop();
    }
  });
}

/** Microseconds of the service's CPU a mapping. */
async function load(service: Child, hosts: readonly string[]): Promise<number> {
  const { type: _type, ...item } = sharedPage(1);
  const body = { items: Array.from({ length: ITEMS }, () => item) };
  const before = await service.cpuMicros();
  for (const host of hosts) await ask(`${service.url}/v1/hosts/${host}/mappings/batch`, body);
  return ((await service.cpuMicros()) - before) / (hosts.length * ITEMS);
}

/** An empty store beside one that has mappings: takes their rows as they stand there, as many a commit as a batch has. */
function openRaw(path: string, from: string) {
  const db = openWriteConnection(path);
  migrate(db);
  db.pragma('foreign_keys = OFF');
  const columns = (db.pragma('table_info(mappings)') as { readonly name: string }[]).map(({ name }) => name);
  const insert = db.prepare(
    `INSERT INTO mappings (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const commit = db.transaction((rows: readonly unknown[][]) => {
    for (const row of rows) insert.run(...row);
  });
  return {
    /** Microseconds a row. */
    write: async (): Promise<number> => {
      const source = openReadConnection(from);
      const select = source.prepare<[number], unknown[]>(
        `SELECT ${columns.join(', ')} FROM mappings LIMIT ?`,
      );
      const rows = select.raw().all(BATCHES * ITEMS);
      source.close();
      db.exec('DELETE FROM mappings');
      const milliseconds = await cpuMs(() => {
        for (let at = 0; at < rows.length; at += ITEMS) commit(rows.slice(at, at + ITEMS));
      });
      return (1_000 * milliseconds) / rows.length;
    },
    close: () => db.close(),
  };
}
