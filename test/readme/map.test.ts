import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';
import { fenced } from './fenced.ts';

const map = fenced(readFileSync(join(REPOSITORY, 'README.md'), 'utf8'), 'Map', 'text');

function foldersOf(folder: string): string[] {
  const entries = readdirSync(join(REPOSITORY, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** What the map says of a folder, its further lines with it. */
function entryOf(folder: string): string {
  return map.split(/\n(?=\S)/).find((entry) => entry.startsWith(`${folder}/ `)) ?? '';
}

test.each(foldersOf('src').map((name) => `src/${name}`))('the map has %s, and each room of it', (folder) => {
  const entry = entryOf(folder);
  expect(entry).not.toBe('');
  expect(foldersOf(folder).filter((room) => !new RegExp(`\\b${room}/`).test(entry))).toEqual([]);
});

test('each room of the engine is in the list of ARCHITECTURE.md', () => {
  const architecture = readFileSync(join(REPOSITORY, 'ARCHITECTURE.md'), 'utf8');
  const missing = foldersOf('src/engine').filter((room) => !architecture.includes(`\n${room}/ `));
  expect(missing).toEqual([]);
});
