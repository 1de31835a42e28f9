import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { REPOSITORY, startChildService, type ChildService } from './child_service.ts';

const run = promisify(execFile);
const DOCUMENT = join(REPOSITORY, 'openapi/daxplane.json');
/** Where packages resolve, and no tool of ours looks. */
const CACHE = join(REPOSITORY, 'node_modules/.cache');

/** Types and a client of kubb, one file each, formatted by nobody. */
const KUBB = `
import { defineConfig } from '@kubb/core';
import { pluginClient } from '@kubb/plugin-client';
import { pluginOas } from '@kubb/plugin-oas';
import { pluginTs } from '@kubb/plugin-ts';
export default defineConfig({
  root: '.',
  input: { path: ${JSON.stringify(DOCUMENT)} },
  output: { path: './generated', format: false, lint: false, barrelType: false },
  plugins: [
    pluginOas({ validate: false, generators: [] }),
    pluginTs({ output: { path: 'types.ts', barrelType: false } }),
    pluginClient({ client: 'fetch', bundle: true, output: { path: 'client.ts', barrelType: false } }),
  ],
});
`;

/** What each generator is asked, by the folder that its client goes to. */
const GENERATORS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  'openapi-typescript': (folder) =>
    runTool('openapi-typescript', [DOCUMENT, '--output', join(folder, 'schema.d.ts')]),
  'hey-api': (folder) =>
    runTool('openapi-ts', ['--input', DOCUMENT, '--output', folder, '--client', '@hey-api/client-fetch']),
  orval: (folder) =>
    runTool('orval', ['--input', DOCUMENT, '--output', join(folder, 'client.ts'), '--client', 'fetch']),
  'swagger-typescript-api': (folder) =>
    runTool('swagger-typescript-api', [
      ...['generate', '--path', DOCUMENT, '--output', folder],
      ...['--name', 'api.ts', '--silent'],
    ]),
  kubb: async (folder) => {
    const config = join(folder, 'kubb.config.mjs');
    await writeFile(config, KUBB);
    await runTool('kubb', ['generate', '--config', config, '--silent'], folder);
    await rm(config);
  },
};

const STORY = [
  'v5.10: completed, exposed; completed, exposed',
  'force-unmap: completed, contained; completed, contained',
  'v6.12: completed, exposed; completed, contained',
  'v7.3: completed, exposed; stuck, unsafe',
  'devdax: ok, stale: true, tenant next',
  'removing what is removed: 409 kernel_refused',
  'rebooted without a body: v7.3',
];

describe('clients generated from openapi/daxplane.json', () => {
  let directory: string;
  let service: ChildService;
  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true });
    directory = await mkdtemp(join(CACHE, 'daxplane-client-'));
  });
  beforeEach(async () => {
    service = await startChildService();
  });
  afterEach(async () => {
    await service.stop();
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test.each(Object.entries(GENERATORS))(
    '%s: what it generates compiles strictly, and tells the story of the README',
    async (name, generate) => {
      const folder = join(directory, name);
      await mkdir(folder);
      await generate(folder);
      await copyFile(new URL('generators/story.txt', import.meta.url), join(folder, 'story.ts'));
      await copyFile(new URL(`generators/${name}.txt`, import.meta.url), join(folder, 'calls.ts'));
      await compile(folder);
      const { stdout } = await run(process.execPath, [join(folder, 'story.js'), service.url]);
      expect(stdout.trimEnd().split('\n')).toEqual(STORY);
    },
  );
});

async function runTool(name: string, args: readonly string[], cwd = REPOSITORY): Promise<void> {
  const tool = join(REPOSITORY, 'node_modules/.bin', name);
  await run(tool, [...args], { cwd, maxBuffer: 16 * 2 ** 20 }).catch(reportOutput);
}

/** Compiles every file of a folder, strictly; rejects with what the compiler says. */
async function compile(folder: string): Promise<void> {
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    skipLibCheck: true,
    // kubb imports its files by their names.
    rewriteRelativeImportExtensions: true,
    types: ['node'],
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['**/*', '**/.*/*'] }),
  );
  await runTool('tsc', ['--project', folder]);
}

/** execFile's error names the command only; what went wrong is in what it printed. */
function reportOutput(error: unknown): never {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  throw new Error(`${stdout}\n${stderr}`.slice(0, 4000), { cause: error });
}
