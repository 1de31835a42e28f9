import { build, removeWhole } from './engine.ts';
import { GIB, tenMappings, TIB } from './fleet.ts';
import type { Report } from './report.ts';
import { cpuMs, interleaved, median } from './statistics.ts';
import { renamed } from './write_hosts.ts';

const ROUNDS = 15;
/** Removals a round: one alone is less than what a measurement of CPU tells apart. */
const REMOVALS = 20;

/** A removal with the same ten mappings on a device of 64 TiB and of 1 GiB, in the engine: size costs nothing. */
export async function benchSizes(report: Report): Promise<void> {
  const remove = (size: number) => {
    const host = build(tenMappings('bench', size));
    return (): Promise<number> => {
      const hosts = Array.from({ length: REMOVALS }, () => renamed(host, 'bench'));
      return cpuMs(() => hosts.forEach(removeWhole));
    };
  };
  const { small, large } = await interleaved(ROUNDS, { small: remove(GIB), large: remove(64 * TIB) });
  const [ours, beside] = [median(large) / REMOVALS, median(small) / REMOVALS];
  report.measured('device_size', ours / beside, `${ours.toFixed(2)} ms : ${beside.toFixed(2)} ms`);
}
