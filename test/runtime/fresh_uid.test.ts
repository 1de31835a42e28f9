import { afterEach, expect, test, vi } from 'vitest';
import { createFreshUid } from '../../src/runtime/fresh_uid.ts';

const NOW = Date.UTC(2030, 0, 1);

afterEach(() => void vi.useRealTimers());

const timeOf = (uid: string): number => Number.parseInt(uid.replace('-', '').slice(0, 12), 16);

test('uids are UUIDv7s of the present, each above the one before, also many within a millisecond', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  const uid = createFreshUid();
  const many = (): string[] => Array.from({ length: 2_000 }, () => uid());
  const uids = many();
  vi.setSystemTime(NOW + 1);
  uids.push(...many());
  // A clock that is set back.
  vi.setSystemTime(NOW - 1000);
  uids.push(...many());
  const pattern = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  expect(uids.filter((one) => !pattern.test(one))).toEqual([]);
  expect([...uids].sort()).toEqual(uids);
  expect(new Set(uids).size).toBe(6_000);
  expect([uids[0]!, uids[2_000]!, uids[4_000]!].map(timeOf)).toEqual([NOW, NOW + 1, NOW + 1]);
});
