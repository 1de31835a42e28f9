import { expect, test } from 'vitest';
import { createDeviceOrder } from '../../src/runtime/device_order.ts';

const keysAfter = (order: ReturnType<typeof createDeviceOrder>, key: number): number[] =>
  [...order.after(key)].map(([at]) => at);

test('devices are in order of creation whatever the order in which their hosts are seen', () => {
  const order = createDeviceOrder();
  order.replace('b', [], [2, 5]);
  order.replace('a', [], [1, 4]);
  expect([...order.after(1)]).toEqual([
    [2, 'b'],
    [4, 'a'],
    [5, 'b'],
  ]);
});

test('what has gone is passed over, and a key that is given again stands once', () => {
  const order = createDeviceOrder();
  order.replace('a', [], [1, 2, 3]);
  order.replace('a', [1, 2, 3], [1, 2]);
  expect(keysAfter(order, 0)).toEqual([1, 2]);
  order.replace('b', [], [3]);
  expect([...order.after(1)]).toEqual([
    [2, 'a'],
    [3, 'b'],
  ]);
  expect(order.hostOf(3)).toBe('b');
  order.replace('a', [1, 2], []);
  order.replace('b', [3], []);
  expect(keysAfter(order, 0)).toEqual([]);
});

test('a walk goes on while hosts are replaced', () => {
  const order = createDeviceOrder();
  order.replace('a', [], [1, 3]);
  order.replace('b', [], [2]);
  const walked: number[] = [];
  for (const [key, host] of order.after(0)) {
    walked.push(key);
    if (host === 'a') order.replace('a', [1, 3], [1, 3]);
  }
  expect(walked).toEqual([1, 2, 3]);
});
