import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, estimate, parseHumanSize, powerOfTwo } from '../../src/inventory/human_size.ts';
import { cases } from '../support/property.ts';

/** display_size() of ndctl util/json.c, v76.1. */
function display(bytes: number): string {
  const figure = (unit: bigint, name: string): string => {
    const hundredths = ((BigInt(bytes) * 200n) / unit + 1n) / 2n;
    return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')} ${name}`;
  };
  const [gib, tib] = [2 * 2 ** 30, 2 * 2 ** 40];
  const binary =
    bytes < gib
      ? figure(2n ** 20n, 'MiB')
      : bytes < tib
        ? figure(2n ** 30n, 'GiB')
        : figure(2n ** 40n, 'TiB');
  const decimal =
    bytes < 2e9 ? figure(10n ** 6n, 'MB') : bytes < 2e12 ? figure(10n ** 9n, 'GB') : figure(10n ** 12n, 'TB');
  return `${binary} (${decimal})`;
}

describe('sizes of -u', () => {
  it('[M119] covers what they were printed from', () => {
    const size = fc.oneof(
      fc.integer({ min: 5000 * 1024, max: 2 ** 31 }),
      fc.integer({ min: 2 ** 31, max: 2 ** 52 }),
    );
    fc.assert(
      fc.property(size, (bytes) => {
        const human = parseHumanSize(display(bytes))!;
        expect(covers(human, bytes)).toBe(true);
        expect(covers(human, Number(human.low) - 1)).toBe(false);
        expect(covers(human, Number(human.high))).toBe(false);
      }),
      cases(),
    );
  });

  it('[M119] are estimated roundest, exactly for an aligned device below 2 GiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 1023 }), (huge) => {
        const bytes = huge * 2097152;
        expect(estimate(parseHumanSize(display(bytes))!)).toBe(bytes);
      }),
      cases(),
    );
    expect(estimate(parseHumanSize('2.00 TiB (2.20 TB)')!)).toBe(2 ** 41);
    expect(
      covers(
        parseHumanSize('1021.97 MiB (1071.62 MB)')!,
        estimate(parseHumanSize('1021.97 MiB (1071.62 MB)')!),
      ),
    ).toBe(true);
  });

  it('tell an alignment exactly', () => {
    for (let power = 23; power < 50; power += 1) {
      expect(powerOfTwo(parseHumanSize(display(2 ** power))!)).toBe(2n ** BigInt(power));
    }
    expect(powerOfTwo(parseHumanSize('1006.00 MiB (1054.87 MB)')!)).toBeNull();
  });

  it.each(['1006.00 MiB', '1006 MiB (1054.87 MB)', '1006.00 MiB (1.00 MB)', '0x40000000', ''])(
    'are not %j',
    (text) => {
      expect(parseHumanSize(text)).toBeNull();
    },
  );
});
