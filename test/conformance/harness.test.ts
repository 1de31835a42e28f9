import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';

const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

test('no file of the harness decides by the name of a kernel', () => {
  const naming = files.filter((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return KERNEL_NAMES.some((name) =>
      [`'${name}'`, `"${name}"`, `\`${name}\``].some((q) => text.includes(q)),
    );
  });
  expect(naming).toEqual([]);
});
