import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';

/**
 * better-sqlite3 for the Node that runs: 13 needs Node 22 and ends Node 20 by a segmentation fault; 12 aborts Node
 * 24 when a thread ends. install/sqlite.mjs makes the same choice when it builds. Throws, with the remedy, where the
 * driver is not installed or not built for this Node.
 */
export const Sqlite = loadDriver(Number(process.versions.node.split('.')[0]) < 22);

function loadDriver(isOldNode: boolean): typeof Database {
  const name = isOldNode ? 'better-sqlite3-v12' : 'better-sqlite3';
  try {
    const driver = createRequire(import.meta.url)(name) as typeof Database;
    // The binding is loaded with the first database, not with the package.
    new driver(':memory:').close();
    return driver;
  } catch (cause) {
    const where = `Node ${process.version} on ${process.platform}-${process.arch}`;
    throw new Error(`${name} does not load on ${where}: npm run sqlite`, { cause });
  }
}
