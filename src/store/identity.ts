import { statSync } from 'node:fs';

/** Which files a database has beside itself while it is served. */
const SUFFIXES = ['', '-wal', '-shm', '-lock'] as const;

/**
 * Remembers which files are open under the paths of a database, and returns a look whether they still are: what is
 * the matter and the remedy, or null. An open file that was removed, renamed or replaced takes writes as before,
 * and loses them. Three or four stat() calls, some microseconds.
 */
export function watchIdentity(path: string): () => string | null {
  const known = SUFFIXES.map((suffix) => [path + suffix, identityOf(path + suffix)] as const);
  return () => {
    for (const [file, identity] of known) {
      const now = identityOf(file);
      if (now === identity) continue;
      const what = now === null ? 'was removed or renamed' : 'was replaced by another file';
      return `${file} ${what} while it was served, so that nothing stored now would be found again; put the files of ${path} back as they were, or stop the service and start it on what is there`;
    }
    return null;
  };
}

function identityOf(file: string): string | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${String(stats.dev)}:${String(stats.ino)}`;
}
