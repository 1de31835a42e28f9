import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IConfiguration } from 'dependency-cruiser';

/** Of each room of the engine, all that its files may import beside themselves; `engine` is what stands beside them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'engine/model': [],
  'engine/kernels': ['engine/model'],
  'engine/mm': ['engine/model', 'engine/kernels'],
  'engine/fs': ['engine/model', 'engine/kernels', 'engine/mm'],
  'engine/device': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs'],
  'engine/removal': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs', 'engine/device'],
  'engine/memory_failure': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs', 'engine/device'],
  'engine/exposure': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs', 'engine/device'],
  'engine/topology': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs', 'engine/device'],
  'engine/kept': ['engine/model', 'engine/kernels', 'engine/mm', 'engine/fs', 'engine/device'],
  'engine/commands': [
    'engine/model',
    'engine/kernels',
    'engine/mm',
    'engine/fs',
    'engine/device',
    'engine/removal',
    'engine/memory_failure',
    'engine/exposure',
    'engine/topology',
    'engine/kept',
  ],
  'engine/questions': [
    'engine/model',
    'engine/kernels',
    'engine/mm',
    'engine/fs',
    'engine/device',
    'engine/removal',
    'engine/memory_failure',
    'engine/exposure',
    'engine/topology',
    'engine/kept',
    'engine/commands',
  ],
  engine: ['engine/*'],
};
const PLACES = Object.keys(MAY_IMPORT);

/** A tree in which each place has a file for each place, which imports a file of it; what the rules forbid of that. */
let root: string;
let forbidden: Set<string>;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'daxplane-rooms-'));
  const files = PLACES.flatMap((from) => [
    [`src/${from}/leaf.ts`, 'export const leaf = 1;\n'] as const,
    ...PLACES.map((to) => [`src/${from}/${fileOf(to)}`, importing(from, to)] as const),
  ]);
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  const require = createRequire(import.meta.url);
  const { forbidden: rules } = require('../../.dependency-cruiser.cjs') as IConfiguration;
  const { output } = await cruise(['src'], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: rules! },
    tsPreCompilationDeps: true,
  });
  const { violations } = (output as ICruiseResult).summary;
  forbidden = new Set(
    violations.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} ${to}`),
  );
});

afterAll(() => rm(root, { recursive: true, force: true }));

function fileOf(to: string): string {
  return `to_${to.replace('/', '_')}.ts`;
}

function importing(from: string, to: string): string {
  const target = path.posix.relative(`src/${from}`, `src/${to}/leaf.ts`);
  return `import type { leaf } from '${target.startsWith('.') ? target : `./${target}`}';\nexport type Leaf = typeof leaf;\n`;
}

function may(from: string, to: string): boolean {
  const allowed = MAY_IMPORT[from]!;
  return from === to || allowed.includes(to) || (to.startsWith('engine/') && allowed.includes('engine/*'));
}

test.each(PLACES)('%s imports what stands below it, and nothing else, not even a type', (from) => {
  const refused = PLACES.filter((to) => forbidden.has(`src/${from}/${fileOf(to)} src/${to}/leaf.ts`));
  expect(refused).toEqual(PLACES.filter((to) => !may(from, to)));
});
