import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

const read = (file: string): string => readFileSync(path.join(REPOSITORY, file), 'utf8');
const text = read('ARCHITECTURE.md');

interface Stop {
  readonly file: string;
  /** A file, `message`, or nothing where the way begins or goes on from the list before. */
  readonly from: string;
}

/** The lists of files under a heading: a table each, its first two columns. */
function listsUnder(heading: string): Stop[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const tables = section.split('|---|---|---|\n').slice(1);
  return tables.map((table) => {
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    return rows.map((line) => {
      const [file = '', from = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim().replaceAll('`', ''));
      return { file, from };
    });
  });
}

/** The files that a file imports, types included. */
function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import) '(\.[^']+)'/g)].map(
    ([, specifier]) => specifier!,
  );
  return specifiers.map((specifier) => path.join(path.dirname(file), specifier));
}

const [request = [], steps = []] = listsUnder('Life of a remove request');
const [access = []] = listsUnder('Life of a stale access');
const [webhook = []] = listsUnder('Life of an event that is sent to a webhook');
const [follower = []] = listsUnder('Life of an event, to who follows it');
const LISTS = [
  ['a remove request', request, 20],
  ['the steps of a removal', steps, 20],
  ['a stale access', access, 12],
  ['an event that is sent to a webhook', webhook, 14],
  ['an event, to who follows it', follower, 12],
] as const;

describe.each(LISTS)('%s', (_name, list, most) => {
  test(`passes through ${String(most)} files at most, each named once`, () => {
    expect(list.length).toBeGreaterThan(5);
    expect(list.length).toBeLessThanOrEqual(most);
    expect(new Set(list.map(({ file }) => file)).size).toBe(list.length);
  });

  test.each(list.map(({ file, from }, at) => [file, from, at] as const))('%s ← %s', (file, from, at) => {
    expect(read(file)).not.toBe('');
    if (from === '') return;
    if (from === 'message') {
      // Both ends of the channel know the messages, and the sender stands before.
      const ends = [list[at - 1]!.file, file].map((end) => importsOf(end));
      expect(ends.every((files) => files.includes('src/runtime/message.ts'))).toBe(true);
      return;
    }
    const known = [...list.slice(0, at), ...request].map((stop) => stop.file);
    expect(from === 'src/main.ts' || known.includes(from)).toBe(true);
    expect(importsOf(from)).toContain(file);
  });
});

test('a list whose file is not imported as told is seen', () => {
  expect(importsOf('src/engine/decide.ts')).toContain('src/engine/handle.ts');
  expect(importsOf('src/engine/decide.ts')).not.toContain('src/store/journal.ts');
});
