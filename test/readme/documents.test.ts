import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

const records = (await readdir(join(REPOSITORY, 'docs/adr'))).map((name) => `docs/adr/${name}`);
const pages = ['docs/errors.md', 'docs/matrix.md', 'docs/runbook.md', 'docs/story.md'];
const documents = ['README.md', 'ARCHITECTURE.md', 'SPEC.md', ...pages, ...records];

describe.each(documents)('%s', (document) => {
  test('links and paths lead to what exists', async () => {
    const text = await readFile(join(REPOSITORY, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) =>
      join(dirname(document), target),
    );
    const paths = [...text.matchAll(/`((?:src|test|docs|migrations|openapi|bench|demo)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    const missing = await Promise.all([...new Set([...links, ...paths])].map(missingPath));
    expect(missing.filter((path) => path !== null)).toEqual([]);
  });

  test('anchors of links lead to headings', async () => {
    const text = await readFile(join(REPOSITORY, document), 'utf8');
    for (const [, target = '', anchor = ''] of text.matchAll(/\]\(([^)#:\s]*)#([^)]+)\)/g)) {
      const linked = target === '' ? document : join(dirname(document), target);
      expect(headings(await readFile(join(REPOSITORY, linked), 'utf8')), `${linked}#${anchor}`).toContain(
        anchor,
      );
    }
  });
});

test('SPEC.md gives each rule one ID, and a source', async () => {
  const spec = await readRules();
  const rows = [...spec.matchAll(/^\| ([A-Z]+\d*) \| (.+) \|$/gm)].map(([, id = '', cells = '']) => ({
    id,
    cells: cells.split(/(?<!\\) \| /),
  }));
  const ids = rows.map(({ id }) => id).filter((id) => id !== 'ID');
  expect(ids.filter((id, position) => ids.indexOf(id) !== position)).toEqual([]);
  const numbered = (letter: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${letter}${String(at + 1)}`);
  expect(ids).toEqual(expect.arrayContaining([...numbered('R', 167), ...numbered('FU', 12)]));
  expect(rows.filter(({ cells }) => cells.at(-1)?.trim() === '').map(({ id }) => id)).toEqual([]);
});

test('every rule that the source names is in SPEC.md', async () => {
  const spec = await readRules();
  const files = (await readdir(join(REPOSITORY, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  const unknown: string[] = [];
  for (const file of files) {
    const text = await readFile(join(REPOSITORY, 'src', file), 'utf8');
    for (const [id] of text.matchAll(/\b(?:R|FU|PIN|RM|PG|GEN|EX|M)\d+\b/g))
      if (!spec.includes(`| ${id} |`)) unknown.push(`${file} ${id}`);
  }
  expect(unknown).toEqual([]);
});

/** SPEC.md up to the list of what is refused, which names rules again. */
async function readRules(): Promise<string> {
  const spec = await readFile(join(REPOSITORY, 'SPEC.md'), 'utf8');
  return spec.slice(0, spec.indexOf('## Refused'));
}

async function missingPath(path: string): Promise<string | null> {
  return access(join(REPOSITORY, path)).then(
    () => null,
    () => path,
  );
}

/** Anchors as GitHub makes them of headings. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
