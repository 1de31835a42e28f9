import { closeSync, openSync, readSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** What a database's WAL holds: how much was written since it began anew, and in how many commits. */
export interface Wal {
  /** Another one once the WAL has begun anew. */
  readonly salt: string;
  readonly frames: number;
  readonly commits: number;
  readonly bytes: number;
}

/**
 * Reads the headers of a WAL's frames. With synchronous=FULL each commit is one fsync. Those of checkpoints are not
 * among them: they are of as many commits as the WAL takes.
 */
export function readWal(database: string): Wal {
  const file = openSync(`${database}-wal`, 'r');
  try {
    const header = read(file, 0, HEADER_BYTES);
    const salt = header.subarray(16, 24).toString('hex');
    const pageBytes = header.readUInt32BE(8);
    const bytes = FRAME_HEADER_BYTES + pageBytes;
    let [frames, commits] = [0, 0];
    for (;;) {
      const frame = read(file, HEADER_BYTES + frames * bytes, FRAME_HEADER_BYTES);
      const isOfThis = frame.length === FRAME_HEADER_BYTES && frame.subarray(8, 16).toString('hex') === salt;
      if (!isOfThis) return { salt, frames, commits, bytes: frames * bytes };
      frames += 1;
      if (frame.readUInt32BE(4) > 0) commits += 1;
    }
  } finally {
    closeSync(file);
  }
}

/** What was written between two looks; null where the WAL has begun anew meanwhile. */
export function written(before: Wal, after: Wal): Omit<Wal, 'salt'> | null {
  if (before.salt !== after.salt) return null;
  return {
    frames: after.frames - before.frames,
    commits: after.commits - before.commits,
    bytes: after.bytes - before.bytes,
  };
}

function read(file: number, at: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, at));
}
