import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import createClient, { type Client } from 'openapi-fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

interface Story {
  readonly story: (client: Client<object>) => Promise<string[]>;
}

describe('clients generated from openapi/daxplane.json', () => {
  let directory: string;
  let service: ChildService;
  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true });
    directory = await mkdtemp(join(CACHE, 'daxplane-client-'));
    service = await startChildService();
  });
  afterAll(async () => {
    await service.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('openapi-typescript: the types compile, and openapi-fetch drives the story of the README with them', async () => {
    const folder = await folderFor('openapi-typescript');
    await runTool('openapi-typescript', [DOCUMENT, '--output', join(folder, 'schema.d.ts')]);
    await copyFile(new URL('./story.txt', import.meta.url), join(folder, 'story.ts'));
    await compile(folder);
    const { story } = (await import(pathToFileURL(join(folder, 'story.js')).href)) as Story;
    expect(await story(createClient<object>({ baseUrl: service.url }))).toEqual([
      'v5.10: completed, exposed; completed, exposed',
      'force-unmap: completed, contained; completed, contained',
      'v6.12: completed, exposed; completed, contained',
      'v7.3: completed, exposed; stuck, unsafe',
      'ok, stale: true, tenant next',
      'removing what is removed: 409 kernel_refused',
      'rebooted without a body: v7.3',
    ]);
  });

  test('@hey-api/openapi-ts: what it generates compiles', async () => {
    const folder = await folderFor('hey-api');
    await runTool('openapi-ts', [
      '--input',
      DOCUMENT,
      '--output',
      folder,
      '--client',
      '@hey-api/client-fetch',
    ]);
    await compile(folder);
  });

  test('orval: what it generates compiles', async () => {
    const folder = await folderFor('orval');
    await runTool('orval', ['--input', DOCUMENT, '--output', join(folder, 'client.ts'), '--client', 'fetch']);
    await compile(folder);
  });

  test('swagger-typescript-api: what it generates compiles', async () => {
    const folder = await folderFor('swagger-typescript-api');
    await runTool('swagger-typescript-api', [
      'generate',
      '-p',
      DOCUMENT,
      '-o',
      folder,
      '-n',
      'api.ts',
      '--silent',
    ]);
    await compile(folder);
  });

  test('kubb: what it generates compiles', async () => {
    const folder = await folderFor('kubb');
    await writeFile(join(folder, 'kubb.config.mjs'), KUBB);
    await runTool('kubb', ['generate', '--config', join(folder, 'kubb.config.mjs'), '--silent'], folder);
    await rm(join(folder, 'kubb.config.mjs'));
    await compile(folder);
  });

  async function folderFor(name: string): Promise<string> {
    const folder = join(directory, name);
    await mkdir(folder);
    return folder;
  }
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
    types: [],
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }));
  await runTool('tsc', ['--project', folder]);
}

/** execFile's error names the command only; what went wrong is in what it printed. */
function reportOutput(error: unknown): never {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  throw new Error(`${stdout}\n${stderr}`.slice(0, 4000), { cause: error });
}
