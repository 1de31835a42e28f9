import { chunksOf } from '../engine/model/mapping_table.ts';
import type { Connection } from './connection.ts';
import { setOfRanges } from '../engine/model/pfn_set.ts';
import type { PfnRange } from '../engine/model/pfn_range.ts';
import { packPfns } from './mapped_before.ts';
import { packRuns } from './packed_runs.ts';
import { storedUid } from './uids.ts';

/**
 * What migrations call that SQL cannot say. A migration that was released stays as it is, and so does what it calls.
 * `chunks_of_doubles(entries)`: entries as they were stored before migration 43, all in one BLOB of doubles, as JSON: an
 * array of `[first, runs]` for each chunk, the runs packed and in hexadecimal digits.
 * `packed_pfns(ranges)`: ranges of pfns as records have them, as they are stored beside records (mapped_before.ts).
 * `uid_hi(uid)`, `uid_lo(uid)`: the columns of a uid since migration 47.
 */
export function defineMigrationFunctions(db: Connection): void {
  db.function('chunks_of_doubles', { deterministic: true }, (entries: unknown) => {
    // Copied, because a row's bytes start at any address and doubles do not.
    const rows = new Float64Array(new Uint8Array(entries as Buffer).buffer);
    const chunks = chunksOf(rows).filter((chunk) => chunk.length > 0);
    return JSON.stringify(chunks.map((chunk) => [chunk[0], packRuns(chunk).toString('hex')]));
  });
  db.function('packed_pfns', { deterministic: true }, (ranges: unknown) =>
    packPfns(setOfRanges(JSON.parse(ranges as string) as PfnRange[])),
  );
  db.function('uid_hi', { deterministic: true }, (uid: unknown) => storedUid(uid as string)[0]);
  db.function('uid_lo', { deterministic: true }, (uid: unknown) => storedUid(uid as string)[1]);
}
