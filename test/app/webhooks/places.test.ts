import { describe, expect, test } from 'vitest';
import { CONCURRENCY, hasPlace, widthBehind, type Occupant } from '../../../src/app/webhooks/places.ts';

/** So many webhooks that all want eight places, of so many hosts, as far as they are given them, and another. */
function crowd(webhooks: number, hosts: number) {
  const all = Array.from({ length: webhooks }, (_each, at) => ({
    host: `host-${String(at % hosts)}`,
    under_way: 0,
    bytes: 0,
  }));
  const other: Occupant = { host: 'other', under_way: 0, bytes: 0 };
  for (const occupant of all)
    while (occupant.under_way < CONCURRENCY.of_one && hasPlace(occupant, [...all, other], CONCURRENCY))
      occupant.under_way += 1;
  return { all, other, total: all.reduce((sum, { under_way }) => sum + under_way, 0) };
}

describe('a place', () => {
  test.each([1, 8, 64, 99])('is found by another webhook, where %i hold all that they can', (webhooks) => {
    for (const hosts of [1, 4, webhooks]) {
      const { all, other } = crowd(webhooks, hosts);
      expect([hosts, hasPlace(other, [...all, other], CONCURRENCY)]).toEqual([hosts, true]);
      expect(all.every(({ under_way }) => under_way > 0)).toBe(true);
    }
  });

  test('beside the first of each webhook is one of 64, and of a host one of 16', () => {
    expect(crowd(10, 10).total).toBe(10 + 64);
    expect(crowd(99, 99).total).toBe(99 + 64);
    expect(crowd(10, 1).total).toBe(10 + 16);
    expect(crowd(10, 2).total).toBe(10 + 32);
  });

  test('is none where webhooks that are deleted hold all', () => {
    const deleted = Array.from({ length: 164 }, (_each, at) => ({
      host: `gone-${String(at)}`,
      under_way: 1,
      bytes: 0,
    }));
    const fresh: Occupant = { host: 'fresh', under_way: 0, bytes: 0 };
    expect(hasPlace(fresh, [...deleted, fresh], CONCURRENCY)).toBe(false);
    expect(hasPlace(fresh, [...deleted.slice(1), fresh], CONCURRENCY)).toBe(true);
  });

  test('beside the first of each webhook is none where large events are under way', () => {
    const large: Occupant = { host: 'large', under_way: 1, bytes: CONCURRENCY.bytes };
    const small: Occupant = { host: 'small', under_way: 1, bytes: 0 };
    const fresh: Occupant = { host: 'fresh', under_way: 0, bytes: 0 };
    const all = [large, small, fresh];
    expect(all.map((each) => hasPlace(each, all, CONCURRENCY))).toEqual([false, false, true]);
    const less = [{ ...large, bytes: large.bytes - 1 }, small, fresh];
    expect(less.map((each) => hasPlace(each, less, CONCURRENCY))).toEqual([true, true, true]);
  });

  test('is one more with each answer, up to eight, and one alone where there was none', () => {
    const widths = [1];
    for (let n = 0; n < 9; n += 1) widths.push(widthBehind(widths.at(-1)!, true, CONCURRENCY));
    expect(widths).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 8]);
    expect(widthBehind(8, false, CONCURRENCY)).toBe(1);
  });
});
