import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../client/child_service.ts';

const read = (path: string) => readFile(join(REPOSITORY, path), 'utf8');
const { files } = JSON.parse(await read('package.json')) as { readonly files: readonly string[] };
const [dockerfile, ignored] = await Promise.all([read('Dockerfile'), read('.dockerignore')]);
const [, build = '', runtime = ''] = dockerfile.split(/^FROM .*$/m);

/** What the lines of a stage copy out of the context, or, with `from`, out of another stage. */
function copied(stage: string, from: boolean): string[] {
  return [...stage.matchAll(/^COPY (--from=\S+ )?(.+) \S+$/gm)]
    .filter(([, stageNamed]) => (stageNamed !== undefined) === from)
    .flatMap(([, , paths = '']) => paths.split(' '))
    .map((path) => path.replace(/^\.?\/(app\/)?/, ''));
}

/** Folders and files beside src/ and dist/ that the service reads at run time, as `new URL('../…', import.meta.url)`. */
async function readAtRunTime(): Promise<string[]> {
  const sources = (await readdir(join(REPOSITORY, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  const texts = await Promise.all(sources.map((name) => read(join('src', name))));
  const paths = texts.flatMap((text) =>
    [...text.matchAll(/new URL\(\s*[`'](?:\.\.\/)+([\w.-]+)/g)].map(([, name = '']) => name),
  );
  return [...new Set(paths)];
}

test('what the service reads beside its code comes with the package and with the image', async () => {
  const names = await readAtRunTime();
  expect(names).toEqual(expect.arrayContaining(['docs', 'demo', 'migrations', 'package.json']));
  // npm packs that of the package unasked.
  const packed = ['package.json', ...files.map((path) => path.split('/')[0])];
  const inImage = copied(runtime, false).map((path) => path.split('/')[0]);
  for (const name of names) {
    expect(packed, name).toContain(name);
    expect(inImage, name).toContain(name);
  }
});

test('what the service reads beside its code stands beside the one that is measured', async () => {
  const names = await readAtRunTime();
  const beside = /for \(const name of \[(.+)\]\)/.exec(await read('bench/beside.mjs'))?.[1] ?? '';
  // No benchmark asks for the demo.
  expect(beside.match(/[\w.-]+/g)?.sort()).toEqual(names.filter((name) => name !== 'demo').sort());
});

test('the image has every file of a folder that the package has some files of', () => {
  const single = files.filter((path) => path.includes('/'));
  expect(copied(runtime, false)).toEqual(expect.arrayContaining(single));
});

test('the context of the image has what its stages copy', () => {
  const allowed = ignored.split('\n').filter((line) => line.startsWith('!'));
  const needed = [...copied(build, false), ...copied(runtime, false)];
  expect(needed.length).toBeGreaterThan(8);
  const missing = needed.filter((path) => !allowed.some((line) => `${path}/`.startsWith(line.slice(1))));
  expect(missing).toEqual([]);
});
