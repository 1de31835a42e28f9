// @ts-check
/**
 * Makes the SQLite driver that src/store/driver.ts picks loadable. `npm ci` runs it last and `npm start` first;
 * after `npm ci --ignore-scripts` it is `npm run sqlite`.
 *
 *   Node 22 and newer   better-sqlite3       13: carries its binaries, but its engines exclude Node 20
 *   older               better-sqlite3-v12   12: its binding is downloaded or compiled here, once
 *
 * Does nothing where the driver loads. Exits with 1 and the remedy where it cannot be made to.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const PREBUILT = 'better-sqlite3';
const COMPILED = 'better-sqlite3-v12';
const isOld = Number(process.versions.node.split('.')[0]) < 22;

if (isOld && !loads(COMPILED)) compile();
// npm leaves the newer driver out on an old Node. Added, the same node_modules serve every Node.
if (folderOf(PREBUILT) === null) unpack();
const driver = isOld ? COMPILED : PREBUILT;
if (!loads(driver)) fail(`${driver} does not load on Node ${process.version}`);

/**
 * In a process of its own: a binding for another Node may end the process that tries it.
 * @param {string} driver
 */
function loads(driver) {
  if (folderOf(driver) === null) return false;
  const program = `new (require(${JSON.stringify(driver)}))(':memory:').close()`;
  return spawnSync(process.execPath, ['-e', program], { cwd: import.meta.dirname }).status === 0;
}

/**
 * Runs the package's own install script: a prebuilt binding where its release can be reached, else node-gyp, with
 * the headers that were installed beside this Node, so that it need not download any.
 */
function compile() {
  const folder = folderOf(COMPILED);
  if (folder === null) return fail(`${COMPILED} is not installed`);
  process.stdout.write(
    `${COMPILED}: building its binding for Node ${process.version}, once, a minute or two\n`,
  );
  const prefix = join(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include/node/node.h'));
  const env = { ...(hasHeaders ? { npm_config_nodedir: prefix } : {}), ...process.env };
  const built = npm(['run', 'install'], { cwd: folder, env });
  if (built.status !== 0) fail(`${COMPILED} cannot be built:\n${built.stdout}${built.stderr}`);
}

/** Adds the package that npm left out; a tree that serves only old Nodes is no reason to fail on one. */
function unpack() {
  const target = join(dirname(folderOf(COMPILED) ?? fail(`${COMPILED} is not installed`)), PREBUILT);
  const { optionalDependencies } = require('../package.json');
  const folder = mkdtempSync(`${target}-`);
  const wanted = `${PREBUILT}@${optionalDependencies[PREBUILT]}`;
  const packed = npm(['pack', wanted, '--json', '--loglevel=error'], { cwd: folder, env: process.env });
  if (packed.status === 0 && isAsLocked(packed.stdout)) {
    const { filename } = JSON.parse(packed.stdout)[0];
    const unpacked = spawnSync('tar', ['-xzf', filename], { cwd: folder });
    if (unpacked.status === 0) renameSync(join(folder, 'package'), target);
  }
  rmSync(folder, { recursive: true });
  if (folderOf(PREBUILT) === null) {
    process.stderr.write(`${PREBUILT} could not be added: Node 22 and newer need an npm ci of their own\n`);
  }
}

/** @param {string} packed what `npm pack --json` printed */
function isAsLocked(packed) {
  const lock = new URL('../package-lock.json', import.meta.url);
  if (!existsSync(lock)) return true;
  const { packages } = JSON.parse(readFileSync(lock, 'utf8'));
  return packages[`node_modules/${PREBUILT}`].integrity === JSON.parse(packed)[0].integrity;
}

/**
 * @param {string} name
 * @returns {string | null}
 */
function folderOf(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/**
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} where
 */
function npm(args, where) {
  const { npm_execpath } = process.env;
  if (npm_execpath === undefined) return fail('this is run by npm');
  return spawnSync(process.execPath, [npm_execpath, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...where,
  });
}

/**
 * @param {string} what
 * @returns {never}
 */
function fail(what) {
  process.stderr.write(
    `daxplane: ${what}\nNode 22 and newer need no compiler. On Node 20: npm ci --ignore-scripts && npm run sqlite\n`,
  );
  process.exit(1);
}
