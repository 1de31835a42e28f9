import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SOURCE = new URL('../../src/', import.meta.url);

/** Lines of each file of the product. */
const lengths = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(new URL(file, SOURCE), 'utf8').split('\n').length - 1)
  .sort((a, b) => a - b);

test('half of the files can be read on two screens', () => {
  expect(lengths.length).toBeGreaterThan(100);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(100);
});
