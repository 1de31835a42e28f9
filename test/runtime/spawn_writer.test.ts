import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = `
  const { openSqliteStore } = await import(process.argv[2]);
  const store = await openSqliteStore({ path: process.argv[3], onFatal: (error) => { throw error; } });
  const made = await store.submit({ host: 'a', command: { type: 'create_host', name: 'a', kernel: 'v6.12' } });
  await store.close();
  process.stdout.write(made.status);
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-spawn-'));
  writeFileSync(join(directory, 'program.mjs'), PROGRAM);
});
afterEach(() => rmSync(directory, { recursive: true }));

function runProgram(store: string, ...flags: string[]): string {
  const [program, database] = ['program.mjs', 'test.db'].map((name) => join(directory, name));
  return execFileSync(process.execPath, [...flags, program!, store, database!], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

test('the writer starts from source under vitest', async () => {
  const harness = sqliteHarness(null);
  await expect((await harness.open()).check()).resolves.toMatchObject({ synchronous: 2 });
  await harness.cleanup();
});

test('the writer starts from source under tsx', () => {
  expect(runProgram(join(ROOT, 'src/runtime/sqlite_store.ts'), '--import', 'tsx')).toBe('done');
});

test('the writer starts compiled, without tsx', () => {
  for (const name of ['migrations', 'node_modules', 'package.json'])
    symlinkSync(join(ROOT, name), join(directory, name));
  const options = [
    '--outDir',
    join(directory, 'dist'),
    '--rootDir',
    'src',
    '--noEmit',
    'false',
    '--sourceMap',
    'false',
  ];
  const compiler = [
    ...options,
    '--target',
    'ES2023',
    '--module',
    'NodeNext',
    '--skipLibCheck',
    '--verbatimModuleSyntax',
  ];
  const flags = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--rewriteRelativeImportExtensions',
    '--types',
    'node',
  ];
  const files = ['src/runtime/sqlite_store.ts', 'src/runtime/writer.ts'];
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...compiler, ...flags, ...files], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  expect(runProgram(join(directory, 'dist/runtime/sqlite_store.js'))).toBe('done');
});
