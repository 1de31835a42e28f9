import { expect, test } from 'vitest';
import { onceADevice } from '../../src/engine/mm/stale.ts';
import type { DaxDevice } from '../../src/engine/model/host.ts';

test('what is found of a device is found once, of however many', () => {
  const asked: string[] = [];
  const nameOf = onceADevice(({ name }) => {
    asked.push(name);
    return `pages of ${name}`;
  });
  const names = ['a', 'b', 'a', 'b', 'c', 'b', 'a'];
  const told = names.map((name) => nameOf({ name } as DaxDevice));
  expect(told).toEqual(names.map((name) => `pages of ${name}`));
  expect(asked).toEqual(['a', 'b', 'c']);
});
