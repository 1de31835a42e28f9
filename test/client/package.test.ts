import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fenced } from '../readme/fenced.ts';
import { REPOSITORY, startChildService, type ChildService } from './child_service.ts';

const run = promisify(execFile);
const SECTION = 'Building on it';
/** What the client depends on, and the compiler of who uses it. */
const BESIDE = ['openapi-fetch', 'openapi-typescript-helpers'];
const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');

let folder: string;
let service: ChildService;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daxplane-consumer-'));
  service = await startChildService();
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

test("who installs the package compiles the README's story strictly, and it tells what the README says", async () => {
  const installed = await install();
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  };
  expect(await readFile(join(installed, exports['./client']?.types ?? ''), 'utf8')).toContain(
    'createDaxplane',
  );
  const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  const story = fenced(readme, SECTION, 'ts').replaceAll('http://127.0.0.1:8080', service.url);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'story.ts'), story);
  // As in a browser's project: no types of Node are beside it.
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022'];
  const compiled = await run(process.execPath, [tsc, ...flags, '--lib', 'es2023,dom', 'story.ts'], {
    cwd: folder,
  }).catch((error: unknown) => error as { readonly stdout: string });
  expect(compiled.stdout).toBe('');
  const { stdout } = await run(process.execPath, ['story.js'], { cwd: folder });
  expect(stdout).toBe(fenced(readme, SECTION, 'text'));
});

/** The package as npm packs it, with the client as it is built now; returns where it lies. */
async function install(): Promise<string> {
  const packed = join(folder, 'packed');
  await mkdir(packed);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], { cwd: await buildClient() });
  await run('sh', ['-c', `tar -xzf ${packed}/*.tgz -C ${packed}`]);
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(join(packed, 'package'), join(modules, 'daxplane'));
  for (const name of BESIDE) await symlink(join(REPOSITORY, 'node_modules', name), join(modules, name));
  await symlink(modules, join(packed, 'package/node_modules'));
  return join(modules, 'daxplane');
}

/** A copy of what is packed beside the code, with the client's half of what `npm run build` makes. */
async function buildClient(): Promise<string> {
  const copy = join(folder, 'copy');
  await mkdir(copy);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'openapi'])
    await symlink(join(REPOSITORY, name), join(copy, name));
  await rm(join(copy, 'package.json'));
  await writeFile(join(copy, 'package.json'), await readFile(join(REPOSITORY, 'package.json')));
  const config = join(REPOSITORY, 'tsconfig.client.json');
  await run(process.execPath, [tsc, '-p', config, '--outDir', join(copy, 'dist/client')]);
  return copy;
}
