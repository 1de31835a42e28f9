import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { cases } from '../support/property.ts';
import { anyStory, play } from './fleet.ts';
import { RECORDED } from './ram.ts';
import { addDevice, emptyMachine, removeDevice } from './support.ts';

/** RHEL 9.4: its version says nothing of what it does. */
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

/** How a removal ends, and how each value of what it depends on is said to. */
function ends({ state, verdict, depends_on = [] }: RemovalRecord): readonly [own: string, told: Set<string>] {
  const values = depends_on.flatMap((each) => each.values);
  return [
    `${state} ${String(verdict)}`,
    new Set(values.map((value) => `${String(value.state)} ${String(value.verdict)}`)),
  ];
}

test('[UNK4] memory that stays is leaked by every value, and no value is told as it was on the way', () => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: RHEL_9, auto_online_blocks: 'online' });
  const { name } = RECORDED;
  addDevice(made, { ...RECORDED, mode: 'system-ram' });
  const removal = removeDevice(made, { dax_device: name });
  expect(ends(removal)).toEqual(['completed leaked', new Set(['completed leaked'])]);
  expect(removal.depends_on!.flatMap(({ values }) => values)).toContainEqual(
    expect.objectContaining({ hazards: ['leaked_range'], differs: expect.anything() as unknown }),
  );
});

test('[UNK4] whatever the fleet, each value of what a removal depends on has led to its end', () => {
  let told = 0;
  fc.assert(
    fc.property(anyStory, fc.constantFrom(RHEL_9, '6.8.0', '6.6.30'), (story, kernel_release) => {
      const { host } = play({ ...story, kernel_release }, () => undefined);
      for (const removal of host.tables.removals.values()) {
        if (removal.state === 'undetermined') continue;
        const [own, values] = ends(removal);
        for (const value of values) expect(value).toBe(own);
        told += values.size;
      }
    }),
    cases(40),
  );
  expect(told).toBeGreaterThan(0);
});
