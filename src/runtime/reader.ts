import type { Refusal } from '../engine/model/refusal.ts';
import type { Connection } from '../store/connection.ts';
import type { Figures } from '../store/figures.ts';
import { prepareFigures } from '../store/read_figures.ts';
import { prepareEvents } from '../store/events.ts';
import type { EventPage, EventQuery, ListQuery, Page, PackedRecordsQuery } from '../store/port.ts';
import { preparePackedRecords } from '../store/packed_records.ts';
import { prepareList } from '../store/read.ts';

/** What the reader is asked: records of a host, a page of a list or of the journal that is no range of an index, figures. */
export type ReaderJob =
  | { readonly packed_records: PackedRecordsQuery }
  | { readonly list: ListQuery }
  | { readonly events: EventQuery }
  | { readonly figures: true };

/** Prepares reading much at once, each time as it is committed then. */
export function prepareReader(
  db: Connection,
): (job: ReaderJob) => ArrayBuffer | null | Page | EventPage | Figures | Refusal {
  const packedRecords = preparePackedRecords(db);
  const list = prepareList(db);
  const events = prepareEvents(db);
  const figures = prepareFigures(db);
  return (job) => {
    if ('figures' in job) return figures();
    if ('list' in job) return list(job.list);
    return 'events' in job ? events(job.events) : packedRecords(job.packed_records);
  };
}
