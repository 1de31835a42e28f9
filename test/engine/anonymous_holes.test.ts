import { expect, test } from 'vitest';
import { countSteps } from './counted.ts';
import { fill, ram } from './ram.ts';
import { access, mappingOf, PAGE } from './support.ts';

/** One mapping with so many holes beside as many mappings of a page each, all of one device's system RAM. */
function beside(count: number, flags: readonly ['private' | 'shared']) {
  const own = ram('v6.12');
  for (let at = 0; at < count; at += 1) fill(own, { length: PAGE, flags });
  const { mapping } = fill(own, { length: 2 * count * PAGE, flags, touched: 'none' });
  for (let page = 0; page < 2 * count; page += 2) access(own.made, mapping, 'write', { page });
  return { made: own.made, mapping };
}

test.each([['private'], ['shared']] as const)(
  'a write to many holes of %s anonymous memory looks once who uses which page',
  (flag) => {
    const [few, many] = [20, 80].map((count) => {
      const { made, mapping } = beside(count, [flag]);
      const steps = countSteps(made.host, () => access(made, mapping, 'write', { pages: 2 * count }));
      expect(mappingOf(made, mapping).present.pte).toBe(2 * count);
      return steps;
    });
    expect(many! / few!).toBeLessThan(6);
  },
);
