import { expect, test } from 'vitest';
import { differencesOf } from '../../src/engine/questions/differences.ts';
import type { AnsweredRemoval } from '../../src/engine/questions/record.ts';
import { compare } from './imagine.ts';
import { ext4 } from './rig.ts';
import { addPin, found, PIPE } from './support.ts';

const MANY = 103;

/** What a kernel that waits answers where so many pins hold the device. */
function waiting(): AnsweredRemoval {
  const { made, mapper } = ext4('v5.10');
  for (let at = 0; at < MANY; at += 1) addPin(made, mapper(), PIPE);
  const { items, differences } = compare(made, { kernels: ['v5.10', 'v6.12'] });
  const [item] = items;
  const told = found(differences.find(({ field }) => field === 'waiting_on')).values;
  expect(told['v6.12']).toBe('');
  expect(String(told['v5.10'])).toMatch(/^p[^a]* and 3 more$/);
  expect(String(told['v5.10']).split(', ')).toHaveLength(100);
  return item as AnsweredRemoval;
}

test('[CUT1] kernels are compared by whole lists: of a long one the first 100 words are told, and how many more', () => {
  const [row] = waiting().waiting_on;
  const pins = Array.from({ length: MANY }, (_, at) => ({ ...found(row), pin: `p${String(1000 + at)}` }));
  const one = { ...waiting(), waiting_on: pins };
  const last = { ...found(row), pin: 'p9999' };
  expect(differencesOf([one, { ...one, kernel: 'v6.1' }])).toEqual([]);
  const [differ, ...rest] = differencesOf([one, { ...one, kernel: 'v6.1', waiting_on: [...pins, last] }]);
  expect([differ?.field, rest]).toEqual(['waiting_on', []]);
  expect(differ?.values['v5.10']).toMatch(/^p1000, .* and 3 more$/);
  // The one that not all wait for comes first: what differs is told.
  expect(differ?.values['v6.1']).toMatch(/^p9999, p1000, .* and 4 more$/);
});
