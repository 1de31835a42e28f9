import { cutAt, LISTED_ROWS_MAX, type ListedCounts } from '../engine/model/cut.ts';
import type { DeviceChange } from '../inventory/device_change.ts';
import type { ListingImport } from '../inventory/import_listing.ts';
import { NOWHERE, type Skipped } from '../inventory/skip.ts';
import { badblocksBehind, mediaErrors, regionBadblocks } from './listed_badblocks.ts';

/** Characters of a name or a detail that are shown: both may hold a word of the listing, of any length. */
const SHOWN_MAX = 255;

/** What an import answers: what became of each object of the listing. */
export interface Imported {
  readonly format: ListingImport['format'];
  readonly devices: readonly (Pick<DeviceChange, 'change' | 'previous_name' | 'changed_fields'> & {
    readonly name: string;
  })[];
  readonly host_objects: ListingImport['host_objects'];
  readonly absent: ListingImport['absent'];
  readonly skipped: ListingImport['skipped'];
  /** How many rows there are of each list that is cut [CUT5]. */
  readonly cut?: ListedCounts;
}

/** What an answer says beside what a listing does: of the host itself, and of devices that the model has not. */
interface Beside {
  readonly ofHost: readonly Skipped[];
  readonly unmade: ReadonlySet<string>;
}

/** The answer to an import, no larger than the limits above let it be; of what is no device yet (IMP3) only that. */
export function importedOf(listing: ListingImport, { ofHost, unmade }: Beside): Imported {
  const { devices, host_objects, absent, skipped } = listing;
  const made = devices.filter(
    ({ record: { name, size }, change }) => (size !== null && change !== 'gone') || !unmade.has(name),
  );
  const lists = {
    devices: made.map(({ record, change, previous_name, changed_fields }) => ({
      name: record.name,
      change,
      previous_name,
      changed_fields,
    })),
    host_objects,
    absent,
    skipped: [
      ...skipped,
      ...devices.filter(({ record }) => unmade.has(record.name)).flatMap(unsizedSkip),
      ...devices.flatMap(uncountedSkip),
      ...badblocksBehind(listing),
      ...regionBadblocks(listing),
      ...mediaErrors(listing),
      ...ofHost,
    ],
  };
  const { rows, told } = cutAt<keyof ListedCounts, typeof lists>(LISTED_ROWS_MAX, lists, {});
  return {
    format: listing.format,
    devices: rows.devices,
    host_objects: rows.host_objects.map(shownRow),
    absent: rows.absent.map(shownRow),
    skipped: rows.skipped.map(shownRow),
    ...told,
  };
}

function shownRow<Row extends { readonly name: string; readonly detail?: string }>(row: Row): Row {
  const { name, detail } = row;
  return { ...row, name: shown(name), ...(detail === undefined ? {} : { detail: shown(detail) }) };
}

function shown(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** What the answer says of a change beside the change itself. */
type Remark = Pick<Skipped, 'kind' | 'name' | 'reason' | 'detail'>;

/** Where the text shows it. */
function remarked(remark: Remark, { listed_at }: DeviceChange): Skipped[] {
  return [{ ...remark, ...(listed_at ?? NOWHERE) }];
}

/** The reason why a device that a listing shows is not one yet. */
function unsizedSkip(change: DeviceChange): Skipped[] {
  const { name, namespace, size } = change.record;
  if (size !== null || change.change === 'gone') return [];
  const detail = 'no listing has shown its size: it becomes a device with the first one that does';
  const kind = namespace === null ? 'dax_device' : 'namespace';
  return remarked({ kind, name, reason: 'size unknown', detail }, change);
}

/** What a device is told to be of whose memory no listing has counted the blocks (IMP60). */
function uncountedSkip(change: DeviceChange): Skipped[] {
  const { name, memory_blocks: blocks } = change.record;
  if (change.change === 'gone' || blocks === null || blocks.online !== null) return [];
  const detail =
    'no listing has counted its memory blocks: all are taken as online; `daxctl list` as root counts them';
  return remarked({ kind: 'dax_device', name, reason: 'not counted', detail }, change);
}
