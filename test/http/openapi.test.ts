import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noBackend } from '../../src/http/no_backend.ts';
import { renderOpenApi } from '../../src/http/openapi.ts';
import { buildServer } from '../../src/http/server.ts';
import { DOCUMENT } from '../support/document.ts';
import { clientSchema } from '../../tools/client_schema.ts';
import { toOpenApi30 } from '../../tools/openapi_3_0.ts';
import { serve, type Method } from '../support/server.ts';

const checkedIn = new URL('../../openapi/daxplane.json', import.meta.url);
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const run = promisify(execFile);

const server = serve(beforeAll, afterAll);

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
}

test('openapi/daxplane.json is what the routes say: npm run openapi writes it', async () => {
  const app = await buildServer({ backend: noBackend(), logger: false });
  expect(await readFile(checkedIn, 'utf8')).toBe(renderOpenApi(app));
  await app.close();
});

test('openapi/daxplane-3.0.json is the same as OpenAPI 3.0.3, and served', async () => {
  const older = await readFile(new URL('../../openapi/daxplane-3.0.json', import.meta.url), 'utf8');
  expect(older).toBe(toOpenApi30(await readFile(checkedIn, 'utf8')));
  const served = await server.call('GET', '/openapi-3.0.json');
  expect([served.status, served.text]).toEqual([200, older]);
});

test('src/client/generated_schema.ts is made of the document: npm run openapi writes it', async () => {
  const types = await readFile(new URL('../../src/client/generated_schema.ts', import.meta.url), 'utf8');
  expect(types).toBe(await clientSchema(await readFile(checkedIn, 'utf8')));
});

test.each(['daxplane.json', 'daxplane-3.0.json'])(
  'openapi/%s is valid by the schema of its version',
  async (name) => {
    const text = await readFile(new URL(`../../openapi/${name}`, import.meta.url), 'utf8');
    const document = JSON.parse(text) as { readonly openapi: string };
    const validator = new Validator();
    const { valid, errors } = await validator.validate(document);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(document.openapi.startsWith(validator.version)).toBe(true);
  },
);

test('the version of the document is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  expect((await server.call('GET', '/openapi.json')).json).toMatchObject({ info: { version } });
});

test('the document is served, and the explorer with it', async () => {
  const document = await server.call('GET', '/openapi.json');
  expect(document.json).toEqual(JSON.parse(await readFile(checkedIn, 'utf8')));
  const page = await server.call('GET', '/docs/');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  const scripts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(scripts.length).toBeGreaterThan(2);
  // The page's own policy lets nothing run that it does not serve itself.
  for (const path of scripts) {
    expect(path).not.toMatch(/^(https?:)?\/\//);
    expect([path, (await server.call('GET', new URL(path, 'http://x/docs/').pathname)).status]).toEqual([
      path,
      200,
    ]);
  }
  expect(page.text).not.toMatch(/<script>/);
});

test('every operation has an id of its own and says how it fails', async () => {
  const { paths } = (await server.call('GET', '/openapi.json')).json as unknown as {
    paths: Record<string, Record<string, Operation>>;
  };
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const ids = operations.map((operation) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { operationId, responses } of operations)
    expect([operationId, Object.keys(responses)]).toEqual([operationId, expect.arrayContaining(['default'])]);
});

test('a schema stands after those it refers to, as clients declare them in this order', async () => {
  const { components } = (await server.call('GET', '/openapi.json')).json as unknown as {
    components: { schemas: Record<string, object> };
  };
  const declared = new Set<string>();
  for (const [name, schema] of Object.entries(components.schemas)) {
    const used = [...JSON.stringify(schema).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, to]) => to);
    expect([name, used.filter((to) => !declared.has(to ?? ''))]).toEqual([name, []]);
    declared.add(name);
  }
  expect(declared.size).toBeGreaterThan(50);
});

/** A story told in the types of the document: it compiles only if the document says what the service does. */
const STORY = `
import createClient from 'openapi-fetch';
import type { paths } from './daxplane.ts';

const client = createClient<paths>({ baseUrl: 'http://127.0.0.1:8080' });

export async function story(): Promise<string | null> {
  await client.POST('/v1/hosts', { body: { name: 'node-a', kernel: 'v6.12' } });
  const path = { host: 'node-a' };
  await client.POST('/v1/hosts/{host}/dax-devices', {
    params: { path, query: { dry_run: true }, header: { 'Idempotency-Key': 'k' } },
    body: { name: 'pmem0', mode: 'fsdax', size: '1GiB' },
  });
  const { data: mapping, error } = await client.POST('/v1/hosts/{host}/mappings', {
    params: { path },
    body: { pid: 42, dax_device: 'dax0.0', offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' },
  });
  if (mapping === undefined) return error?.code ?? null;
  if ('result' in mapping) return mapping.result;
  const { data: removal } = await client.POST('/v1/hosts/{host}/dax-devices/{device}/remove', {
    params: { path: { host: 'node-a', device: 'pmem0' }, header: { Prefer: 'wait=60' } },
    body: { trigger: 'unbind' },
  });
  const { data: page } = await client.GET('/v1/removals', { params: { query: { limit: 10, verdict: 'exposed' } } });
  const first: string | undefined = page?.items[0]?.report.signals[0]?.si_code;
  // @ts-expect-error -- there is no such verb
  await client.PUT('/v1/hosts', {});
  return first ?? removal?.verdict ?? mapping.id;
}
`;

test('a client generated from it compiles, strictly', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-client-'));
  try {
    await symlink(modules, join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await writeFile(join(directory, 'story.ts'), STORY);
    const bin = (name: string): string => join(modules, '.bin', name);
    await run(bin('openapi-typescript'), [fileURLToPath(checkedIn), '-o', join(directory, 'daxplane.ts')]);
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2023',
    ];
    const { stdout } = await run(
      bin('tsc'),
      [...flags, '--skipLibCheck', '--allowImportingTsExtensions', 'story.ts'],
      {
        cwd: directory,
      },
    ).catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a body is required in the document where the service requires it', async () => {
  const told: string[] = [];
  for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
    for (const [method, { operationId, requestBody }] of Object.entries(operations)) {
      if (requestBody === undefined) continue;
      const url = path.replaceAll(/\{\w+\}/g, '1');
      const headers = { 'x-requested-with': 'test' };
      const { status } = await server.call(method.toUpperCase() as Method, url, undefined, headers);
      // Validation comes before the look-up: the names here are nobody's.
      expect([operationId, requestBody.required]).toEqual([operationId, status === 400]);
      if (requestBody.required === false) told.push(operationId);
    }
  }
  expect(told).toEqual(expect.arrayContaining(['rebootHost', 'bindDaxDevice', 'bindCxlRegion']));
});
