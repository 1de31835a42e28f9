import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { onCopies } from './copies.ts';
import { build, run } from './engine.ts';
import { GIB, memories } from './fleet.ts';
import { ask } from './load.ts';
import type { Report } from './report.ts';
import { measureSlope, type CpuOf } from './slopes.ts';
import { median } from './statistics.ts';
import { inTemporaryFolder } from './write_hosts.ts';

const SIZES = [1_250, 2_500, 5_000, 10_000] as const;
const MANY = 10_000;
const ROUNDS = 7;

/** A listing of so many namespaces from its text to the commit, by the CPU of the service; and as many that reboot. */
export async function benchImports(report: Report): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const service = await startChild('service_child', join(folder, 'bench.db'));
    try {
      const spent: number[] = [];
      const cpu: CpuOf = async (devices, round) => {
        const ms = await importInto(service, `listed-${String(devices)}-${String(round)}`, devices);
        if (devices === MANY && round >= 0) spent.push(ms);
        return ms;
      };
      await measureSlope(report, 'import_slope', SIZES, cpu, ROUNDS);
      report.measured('import_10000', median(spent) / 1_000, `median of ${String(ROUNDS)}`);
    } finally {
      await service.stop();
    }
  });
  await measureSlope(
    report,
    'reboot_slope',
    SIZES,
    onCopies(
      MANY,
      (devices) => build(memories('bench', devices)),
      (host) => run(host, { type: 'reboot' }),
    ),
  );
}

/** Milliseconds of the service's CPU. */
async function importInto(service: Child, host: string, devices: number): Promise<number> {
  await ask(`${service.url}/v1/hosts`, { name: host, kernel: 'v6.12' });
  const listing = namespaces(devices);
  const before = await service.cpuMicros();
  await ask(`${service.url}/v1/hosts/${host}/inventory`, listing);
  return ((await service.cpuMicros()) - before) / 1_000;
}

/** As `daxctl list` prints devices of known address. */
export function namespaces(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({
    chardev: `dax${String(at)}.0`,
    size: GIB,
    target_node: 1,
    align: 2097152,
    mode: 'devdax',
    mappings: [{ page_offset: 0, start: (at + 1) * GIB, end: (at + 2) * GIB - 1, size: GIB }],
  }));
}
