import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  FormatHelpers,
  GO_COMMON_PRESET,
  GoGenerator,
  PythonGenerator,
  type OutputModel,
} from '@asyncapi/modelina';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DOCUMENT } from '../support/document.ts';
import { serve } from '../support/server.ts';
import { requireTools } from '../support/tools.ts';
import { REPOSITORY } from './child_service.ts';

const run = promisify(execFile);
const PACKAGE = 'daxplane';
const processorOptions = {
  openapi: { includeComponentSchemas: true },
  interpreter: { ignoreAdditionalProperties: true },
};

const server = serve(beforeAll, afterAll);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daxplane-modelina-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('modelina for Go: every component has its type, and all compile', async ({ skip }) => {
  requireTools(['go'], skip);
  // Its tag of a member of a union has no second quote.
  const union = {
    ...GO_COMMON_PRESET,
    union: { field: ({ content }: { readonly content: string }) => `${content} \`json:"-"\`` },
  };
  const presets = [{ preset: union, options: { addJsonTag: true } }];
  const generator = new GoGenerator({ processorOptions, presets });
  const models = named(await generator.generateCompleteModels(await document(), { packageName: PACKAGE }));
  const go = join(folder, 'go');
  await mkdir(go);
  for (const [name, text] of models) await writeFile(join(go, `${name}.go`), text);
  const env = { ...process.env, GO111MODULE: 'off', GOCACHE: join(folder, 'cache') };
  await run('go', ['build', '.'], { cwd: go, env });
  await run('go', ['vet', '.'], { cwd: go, env });
  expect(objectsWithout(models)).toEqual([]);
});

/** Reads what the service answers, in the words of its own classes, with nothing but the standard library. */
const READER = `
import importlib, json, pkgutil, sys
import ${PACKAGE}
for module in pkgutil.iter_modules(${PACKAGE}.__path__):
    importlib.import_module("${PACKAGE}." + module.name)
from ${PACKAGE}.dax_device import DaxDevice
from ${PACKAGE}.device_mode import DeviceMode
told = json.load(sys.stdin)
device = DaxDevice(told)
assert device.mode == DeviceMode(told["mode"])
print(device.name, device.mode.value, device.size)
try:
    DaxDevice({**told, "mode": "floppy"})
except ValueError:
    print("floppy is no mode")
`;

test('modelina for Python: every component has its class, all compile and load, and read an answer', async ({
  skip,
}) => {
  requireTools(['python3'], skip);
  const generator = new PythonGenerator({ processorOptions });
  const models = named(await generator.generateCompleteModels(await document(), { packageName: PACKAGE }));
  const modules = join(folder, PACKAGE);
  await mkdir(modules);
  const files = [...models].map(([name, text]) => ({ name: `${FormatHelpers.snakeCase(name)}.py`, text }));
  for (const { name, text } of files) await writeFile(join(modules, name), text);
  await run('python3', ['-m', 'py_compile', ...files.map(({ name }) => join(modules, name))]);
  await writeFile(join(folder, 'read.py'), READER);
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  const device = { name: 'pmem0', mode: 'fsdax', size: '1GiB' };
  const { text: answer } = await server.call('POST', '/v1/hosts/node-a/dax-devices', device);
  const running = run('python3', ['read.py'], { cwd: folder });
  running.child.stdin?.end(answer);
  expect((await running).stdout).toBe('pmem0 fsdax 1073741824\nfloppy is no mode\n');
  expect(objectsWithout(models)).toEqual([]);
});

/** The generator changes the document that it is given. */
async function document(): Promise<Record<string, unknown>> {
  const text = await readFile(join(REPOSITORY, 'openapi/daxplane.json'), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

/** Texts by name; a name that two different models have is a fault. */
function named(models: readonly OutputModel[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { modelName, result } of models) {
    // Scalars and lists have no model.
    if (modelName === '') continue;
    expect([modelName, texts.get(modelName) ?? result]).toEqual([modelName, result]);
    texts.set(modelName, result);
  }
  return texts;
}

/** Components that are objects with properties and no union, of which Python has no class, and have no model of that name. */
function objectsWithout(models: ReadonlyMap<string, string>): string[] {
  const objects = Object.entries(DOCUMENT.components.schemas).filter(
    ([, { properties, anyOf, oneOf }]) => properties !== undefined && (anyOf ?? oneOf) === undefined,
  );
  expect(objects.length).toBeGreaterThan(100);
  return objects.map(([name]) => name).filter((name) => !models.has(FormatHelpers.toPascalCase(name)));
}
