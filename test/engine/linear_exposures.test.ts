import { describe, expect, test } from 'vitest';
import { countSet } from './copied.ts';
import { countSteps } from './counted.ts';
import { ext4 } from './rig.ts';
import { addProcess, found, MIB, PAGE, removeDevice, type Machine } from './support.ts';
import { NEXT_TENANT } from './windows.ts';

const FEW = 200;
const MANY = 800;

/** A page of a file mapped on its own so many times, by processes in turn; the device unbound. */
function mapped(windows: number, processes: number): Machine {
  const { made, file } = ext4('v6.12');
  const id = file('/many', 8 * MIB);
  const pids = Array.from({ length: processes }, () => addProcess(made, { tenant: 'a' }));
  const one = { length: PAGE, flags: ['shared'], prot: 'rw', page_size: 4096, populate: 'read' } as const;
  for (let at = 0; at < windows; at += 1) {
    const pid = pids[at % processes]!;
    made.run({ type: 'create_mapping', pid, file: id, offset: 2 * at * PAGE, ...one });
  }
  removeDevice(made);
  return made;
}

/** What an act emits of exposures, and how many records of theirs it writes. */
function written({ events }: Machine, act: () => unknown): { events: number; records: number } {
  const before = events.length;
  act();
  const own = events.slice(before).filter(({ type }) => type.startsWith('exposure_'));
  const puts = own
    .flatMap(({ changes }) => changes)
    .filter((change) => change.op === 'put' && change.kind === 'exposures');
  return { events: own.length, records: puts.length };
}

/** Steps over the tables, and what is put into maps beside them. */
function work({ host }: Machine, act: () => unknown): number {
  let sets = 0;
  const steps = countSteps(host, () => {
    sets = countSet(act);
  });
  return steps + sets;
}

describe('[EX3] an exposure is written once a command, however many windows move:', () => {
  test.each([1, 20])('of %i processes', (processes) => {
    const made = mapped(FEW, processes);
    const once = { events: processes, records: processes };
    expect(written(made, () => made.run(NEXT_TENANT))).toEqual(once);
    const [first, ...others] = made.host.tables.processes.keys();
    expect(written(made, () => made.run({ type: 'exit_process', pid: Number(first) }))).toEqual({
      events: 1,
      records: 1,
    });
    expect(others).toHaveLength(processes - 1);
  });

  test.each([1, 20])(
    'the bind that opens those of %i processes is linear in them, and so are the exits',
    (processes) => {
      const spent = [FEW, MANY].map((windows) => {
        const made = mapped(windows, processes);
        const opening = work(made, () => made.run(NEXT_TENANT));
        const pids = [...made.host.tables.processes.keys()];
        const closing = work(made, () => {
          for (const pid of pids) made.run({ type: 'exit_process', pid: Number(pid) });
        });
        expect(made.host.tables.exposures.where(({ open }) => open)).toEqual([]);
        return [opening, closing] as const;
      });
      const [few, many] = spent;
      expect(many![0] / few![0]).toBeLessThan(5);
      expect(many![1] / few![1]).toBeLessThan(5);
    },
  );

  test('the munmap of one window looks at one, and its change says little more', () => {
    const spent = [FEW, MANY].map((windows) => {
      const made = mapped(windows, 1);
      made.run(NEXT_TENANT);
      const mapping = found([...made.host.tables.mappings.keys()][windows / 2]);
      const before = made.events.length;
      const steps = work(made, () => made.run({ type: 'munmap', mapping }));
      const changes = made.events.slice(before).flatMap((event) => event.changes);
      return [steps, changes.filter(({ op }) => op === 'count_windows')] as const;
    });
    expect(spent[1]![0]).toBe(spent[0]![0]);
    expect(spent.map(([, counted]) => counted)).toEqual(
      spent.map(([, counted]) => counted.map(() => ({ op: 'count_windows', ids: [expect.any(String)] }))),
    );
  });
});
