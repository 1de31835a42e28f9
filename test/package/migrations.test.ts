import { expect, test } from 'vitest';
import { readMigrations } from '../../src/store/migrate.ts';

test('the migrations are numbered without a gap, and no two share a number', () => {
  expect(readMigrations().at(-1)?.version).toBe(readMigrations().length);
});
