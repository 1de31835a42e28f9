import type { Refusal } from '../engine/model/refusal.ts';
import type { Connection } from '../store/connection.ts';
import type { ListQuery, Page, SnapshotQuery } from '../store/port.ts';
import { prepareList } from '../store/read.ts';
import { prepareSnapshot } from '../store/snapshot.ts';

/** What the reader is asked: records of a host, or a page of a list that is no range of an index. */
export type ReaderJob = { readonly snapshot: SnapshotQuery } | { readonly list: ListQuery };

/** Prepares reading much at once, each time as it is committed then. */
export function prepareReader(db: Connection): (job: ReaderJob) => ArrayBuffer | null | Page | Refusal {
  const snapshot = prepareSnapshot(db);
  const list = prepareList(db);
  return (job) => ('list' in job ? list(job.list) : snapshot(job.snapshot));
}
