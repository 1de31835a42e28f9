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
let installed: string;
let service: ChildService;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daxplane-consumer-'));
  service = await startChildService();
  installed = await install();
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

test("who installs the package compiles the README's story strictly, and it tells what the README says", async () => {
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  };
  expect(await readFile(join(installed, exports['./client']?.types ?? ''), 'utf8')).toContain(
    'createDaxplane',
  );
  const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  expect(await compileAndRun('story', fenced(readme, SECTION, 'ts'))).toBe(fenced(readme, SECTION, 'text'));
});

const BY_NAME = `
import { createDaxplane, DaxplaneError, ResyncError } from 'daxplane/client';
import type { CloudEvent, components, Event, FollowOptions, Problem, Schemas } from 'daxplane/client';

const daxplane = createDaxplane({ baseUrl: 'http://127.0.0.1:8080' });
const thrown = await daxplane
  .pages('/v1/removals', { query: { page_token: 'none of ours' } as object })
  .next()
  .catch((error: unknown) => error);
if (!(thrown instanceof DaxplaneError)) throw thrown;
const problem: Problem | undefined = thrown.problem;
console.log(thrown.status, problem?.code);

const from: FollowOptions = { after: 2 ** 40 };
const lost = await daxplane.followEvents(from).next().catch((error: unknown) => error);
console.log(lost instanceof ResyncError ? lost.resync.reason : lost);

const dataOf = ({ data }: CloudEvent): Event => data;
const hostOf = (host: Schemas['Host']): components['schemas']['Host'] => host;
for await (const event of daxplane.followEvents({ after: 0 })) {
  console.log(dataOf(event).seq);
  break;
}
const waitsOf = ({ progress, behind }: Event['data']): string => {
  const { step, position, steps_done, steps, waiting_on, pages_waited_for } = progress!;
  const held: number | undefined = pages_waited_for?.still_held;
  const known: Schemas['StepName'] | undefined = step;
  return [known, position, steps_done, steps, waiting_on?.count, held, behind].join();
};
const pages = { total: 1, mapped: 0, unmapped: 0, still_mapped: 0, hwpoisoned: 0, never_mapped: 1 };
const waits: Schemas['RemovalProgress'] = { step: 'pgmap_drain', position: 5, steps: 7, steps_done: 4, pages };
console.log(waitsOf({ progress: { ...waits, waiting_on: { count: 2, pids: [42] } }, pins: ['p5', 'p6'] }));
const { data } = await daxplane.GET('/v1/hosts/{host}', { params: { path: { host: 'node-v5.10' } } });
if (data !== undefined) console.log(hostOf(data).name);
`;

test('errors and types of the client are imported from it by name', async () => {
  expect(await compileAndRun('by_name', BY_NAME)).toBe(
    '400 invalid_field\nafter_end\n1\npgmap_drain,5,4,7,2,,\nnode-v5.10\n',
  );
});

test('each POST whose body may be absent is sent without one, and is none that a page could have sent', async () => {
  const document = JSON.parse(await readFile(join(REPOSITORY, 'openapi/daxplane.json'), 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(document.paths).flatMap(([path, { post }]) =>
    post?.requestBody?.required === false ? [{ path, post }] : [],
  );
  expect(operations.length).toBeGreaterThan(10);
  for (const { path, post } of operations)
    expect(
      post.parameters.map(({ name }) => name),
      path,
    ).toContain('X-Requested-With');
  const calls = operations.map(({ path }) => {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, 'nobody']);
    return `await daxplane.POST('${path}', { params: { path: ${JSON.stringify(Object.fromEntries(names))} } })`;
  });
  const program = `
    import { createDaxplane } from 'daxplane/client';
    const daxplane = createDaxplane({ baseUrl: 'http://127.0.0.1:8080' });
    const path = { host: 'node-v5.10' };
    const { data } = await daxplane.POST('/v1/hosts/{host}/reboot', { params: { path } });
    console.log(data?.name);
    for (const { response } of [${calls.join(', ')}]) console.log(response.status);
  `;
  const [rebooted, ...statuses] = (await compileAndRun('bodiless', program)).trimEnd().split('\n');
  expect(rebooted).toBe('node-v5.10');
  expect(statuses).toEqual(operations.map(() => '404'));
});

interface Operation {
  readonly parameters: readonly { readonly name: string }[];
  readonly requestBody?: { readonly required: boolean };
}

/** What a program prints that uses the package, of which the service is the running one. */
async function compileAndRun(name: string, program: string): Promise<string> {
  await writeFile(join(folder, `${name}.ts`), program.replaceAll('http://127.0.0.1:8080', service.url));
  // As in a browser's project: no types of Node are beside it.
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022'];
  const compiled = await run(process.execPath, [tsc, ...flags, '--lib', 'es2023,dom', `${name}.ts`], {
    cwd: folder,
  }).catch((error: unknown) => error as { readonly stdout: string });
  expect(compiled.stdout).toBe('');
  const { stdout } = await run(process.execPath, [`${name}.js`], { cwd: folder });
  return stdout;
}

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
