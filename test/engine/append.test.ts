import { expect, test } from 'vitest';
import { append } from '../../src/engine/model/append.ts';

test('append takes a list longer than the stack is deep', () => {
  const to = [0];
  append(
    to,
    Array.from({ length: 1_000_000 }, () => 1),
  );
  expect(to).toHaveLength(1_000_001);
});
