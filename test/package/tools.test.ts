import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { requireTools } from '../support/tools.ts';

const PATH = dirname(process.execPath);

/** What a test is told that needs these. */
function notes(tools: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const told: string[] = [];
  requireTools(tools, (note) => told.push(note), env);
  return told;
}

test('a test whose tools are there is run', () => {
  expect(notes(['node', process.execPath], { PATH })).toEqual([]);
  expect(notes(['node'], { PATH, CI: '1' })).toEqual([]);
});

test('a test whose tools are not there is skipped, and says which', () => {
  expect(notes(['node', 'no-go', '/no/gocode'], { PATH })).toEqual([
    'not on this machine: no-go, /no/gocode',
  ]);
});

test('where CI is set it fails', () => {
  expect(() => notes(['no-go'], { PATH, CI: '1' })).toThrow('not on this machine: no-go');
});
