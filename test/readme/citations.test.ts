import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';
import { citationsIn, readPages, recordings, recordingsIn, rulesOf, writtenFiles } from './citations.ts';

const pages = await readPages();
const rules = pages.flatMap(({ text }) => rulesOf(text));
const known = new Set(rules.map(({ id }) => id));

const numbered = (series: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${series}${String(at + 1)}`);

describe('the pages of rules', () => {
  test('are all listed in SPEC.md, each with the IDs of its rows', async () => {
    const others = ['disagreements.md', 'refused.md'];
    const files = (await readdir(join(REPOSITORY, 'docs/rules'))).filter((name) => !others.includes(name));
    expect(pages.map(({ path }) => path.replace('docs/rules/', '')).sort()).toEqual(files.sort());
    for (const { path, listed, text } of pages)
      expect([path, [...listed].sort()]).toEqual([
        path,
        rulesOf(text)
          .map(({ id }) => id)
          .sort(),
      ]);
  });

  test('give each rule one ID, and a source', () => {
    const ids = rules.map(({ id }) => id);
    expect(ids.filter((id, position) => ids.indexOf(id) !== position)).toEqual([]);
    expect(rules.filter(({ cells }) => cells.at(-1)?.trim() === '').map(({ id }) => id)).toEqual([]);
  });

  test('say each rule in one sentence', () => {
    const spoken = rules.filter(({ cells }) => cells.slice(0, -1).some((cell) => /[.?!] [A-Z`"]/.test(cell)));
    expect(spoken.map(({ id }) => id)).toEqual([]);
  });

  test('have every row of the texts that were read: R, M, FU and S', () => {
    const rows = [...numbered('R', 167), ...numbered('M', 170), ...numbered('FU', 12), ...numbered('S', 55)];
    expect(rows.filter((id) => !known.has(id))).toEqual([]);
  });

  test('have a test for each row of the sequences, or say that it is refused', async () => {
    const tests = (await writtenFiles()).filter((path) => /^test\/(?!readme).*\.ts$/.test(path));
    const texts = await Promise.all(tests.map((path) => readFile(join(REPOSITORY, path), 'utf8')));
    const tagged = texts.flatMap((text) => [...text.matchAll(/\[(S\d+)\]/g)].map(([, id = '']) => id));
    const refused = citationsIn(await readFile(join(REPOSITORY, 'docs/rules/refused.md'), 'utf8'));
    const dealt = new Set([...tagged, ...refused]);
    expect(numbered('S', 55).filter((id) => !dealt.has(id))).toEqual([]);
  });
});

test('every citation leads to a row', async () => {
  const unknown = await Promise.all(
    (await writtenFiles()).map(async (path) => {
      const cited = citationsIn(await readFile(join(REPOSITORY, path), 'utf8'));
      return [...new Set(cited)].filter((id) => !known.has(id)).map((id) => `${path} ${id}`);
    }),
  );
  expect(unknown.flat()).toEqual([]);
});

test('every recording that is cited can be read here, or is said not to be published', async () => {
  const there = await recordings();
  const files = (await writtenFiles()).filter((path) => /^(?:src|docs)\/|^\w+\.md$/.test(path));
  const wrong = await Promise.all(
    files.map(async (path) => {
      const { cited, unpublished } = recordingsIn(await readFile(join(REPOSITORY, path), 'utf8'));
      const missing = cited.filter((name) => !there.has(name)).map((name) => `${path}: ${name} is not here`);
      return [
        ...missing,
        ...unpublished.filter((name) => there.has(name)).map((name) => `${path}: ${name} is here`),
      ];
    }),
  );
  expect(wrong.flat()).toEqual([]);
});

// Made-up citations are put together here, for this file is looked at as well.
describe('what counts as a citation', () => {
  const made = (series: string, number: number) => `${series}${String(number)}`;

  test.each([
    ['an ID', `as ${made('R', 999)} says`, [made('R', 999)]],
    ['one of no series', `[${made('ZZ', 7)}] a test`, [made('ZZ', 7)]],
    ['in code', `source: '${made('KM', 99)}, M66'`, [made('KM', 99), 'M66']],
    ['a span, all of it', 'R5-R8', ['R5', 'R6', 'R7', 'R8']],
    ['two beside each other', `(C3/${made('C', 9)})`, ['C3', made('C', 9)]],
    ['a section', `the flag (${['A', '3'].join('.')})`, [['A', '3'].join('.')]],
    ['a letter alone', `${['SPEC.md', 'D'].join(' ')}: stale`, [['SPEC.md', 'D'].join(' ')]],
  ])('%s', (_, text, cited) => {
    expect(citationsIn(text)).toEqual(cited);
    expect(cited.every((id) => known.has(id))).toBe(text === 'R5-R8');
  });

  test.each([
    ['hex and escapes', '0xE2 %E2%82%AC \\xF1 aB1 e820'],
    ['words of the machine', 'ACPI0012 EXT4-fs JBD2 U64 ES2022 UTF-8 HTTP/1.1'],
    ['names in code', 'M_1 R1x x.R1a MAX_AB12 v7.3 memory12 5.10'],
  ])('not %s', (_, text) => {
    expect(citationsIn(text)).toEqual([]);
  });
});
