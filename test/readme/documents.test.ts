import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

const records = (await readdir(join(REPOSITORY, 'docs/adr'))).map((name) => `docs/adr/${name}`);
const pages = ['docs/errors.md', 'docs/matrix.md', 'docs/runbook.md', 'docs/story.md'];
const rules = (await readdir(join(REPOSITORY, 'docs/rules'))).map((name) => `docs/rules/${name}`);
const documents = ['README.md', 'ARCHITECTURE.md', 'SPEC.md', ...pages, ...records, ...rules];

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
