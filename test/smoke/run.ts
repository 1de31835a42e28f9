import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { listening, REPOSITORY } from '../client/child_service.ts';
import { fenced } from '../readme/fenced.ts';

const USAGE = `usage: npm run smoke -- NODE
Installs what is built in a folder of its own by that Node (the path of its binary), starts the service with the demo
fleet, runs the README's minute against it and stops it with SIGTERM. Ends with the count of the steps that passed.
`;
/** What `npm pack` takes, and what `npm ci` needs beside it. */
const INSTALLED = [...(await packed()), 'package.json', 'package-lock.json', '.npmrc'];
const LISTENS_ON = 'http://127.0.0.1:8080';

interface Trial {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  service?: { readonly process: ChildProcess; readonly url: string };
}

/** In order: each needs the ones before. A step throws what is wrong. */
const STEPS: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  'npm ci installs it without a warning': install,
  'it starts with the demo fleet': start,
  "the README's minute prints what it says": minute,
  'SIGTERM ends it with 0': stop,
};

async function main([node]: readonly string[]): Promise<number> {
  if (node === undefined) return say(USAGE, 2);
  const folder = await mkdtemp(join(tmpdir(), 'daxplane-smoke-'));
  // npm, the service and the minute all find it as `node`.
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink(await realpath(node), join(bin, 'node'));
  const path = [bin, process.env['PATH']].join(delimiter);
  const env = {
    ...process.env,
    PATH: path,
    DAXPLANE_PORT: '0',
    DAXPLANE_DB: join(folder, 'data/daxplane.db'),
  };
  const trial: Trial = { folder, env };
  let passed = 0;
  try {
    for (const [what, step] of Object.entries(STEPS)) {
      await step(trial);
      passed += 1;
      say(`ok ${what}\n`);
    }
  } catch (error) {
    say(
      `FAILED ${Object.keys(STEPS)[passed] ?? ''}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  } finally {
    trial.service?.process.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
  // What could not be tried has not passed.
  const steps = Object.keys(STEPS).length;
  return say(`${passed} of ${steps} steps passed\n`, passed === steps ? 0 : 1);
}

async function packed(): Promise<readonly string[]> {
  const { files } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
    files: readonly string[];
  };
  return files;
}

async function install({ folder, env }: Trial): Promise<void> {
  for (const name of INSTALLED) await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
  const { stdout, stderr } = await promisify(execFile)('npm', ['ci', '--omit=dev'], { cwd: folder, env });
  if (/EBADENGINE/.test(stdout + stderr)) throw new Error(stderr);
}

async function start(trial: Trial): Promise<void> {
  const { folder, env } = trial;
  const service = spawn('node', ['--enable-source-maps', 'dist/main.js', '--demo'], { cwd: folder, env });
  trial.service = { process: service, url: await listening(service) };
}

async function minute({ service, env }: Trial): Promise<void> {
  const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  const script = fenced(readme, 'A minute with curl', 'sh').replaceAll(LISTENS_ON, String(service?.url));
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-eu', '-c', script], { env });
  if (stdout !== fenced(readme, 'A minute with curl', 'text'))
    throw new Error(`it printed\n${stdout}${stderr}`);
}

async function stop({ service }: Trial): Promise<void> {
  if (service === undefined) throw new Error('it never started');
  const ended = once(service.process, 'exit');
  service.process.kill('SIGTERM');
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`it ended with ${String(code ?? signal)}`);
}

function say(text: string, status = 0): number {
  process.stdout.write(text);
  return status;
}

process.exitCode = await main(process.argv.slice(2));
