import type { MemoryFailure } from '../model/device_command.ts';
import type { DaxDevice, File, Host, Mapping } from '../model/host.ts';
import { blocksAt, findFile, findMapping, fileOf } from '../model/lookup.ts';
import { clipRun, runs } from '../model/mapping_table.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/**
 * Where on the device the bytes of a command are: its own offset, or what a file's extents or a mapping make of an
 * offset into them. Refused: a file or mapping that is not on the device (`invalid_field`), bytes past its end
 * (`out_of_range`), and where no page of the device, or not one range of them, stands behind the bytes.
 */
export function placeOf(host: Host, command: MemoryFailure, device: DaxDevice): number | Refusal {
  if (command.file !== undefined) {
    const file = findFile(host, command.file);
    if (isRefusal(file)) return { ...file, pointer: '/file' };
    return notOn(device, file, '/file') ?? inFile(host, file, command, 0, device);
  }
  if (command.mapping === undefined) return command.offset;
  const mapping = findMapping(host, command.mapping);
  if (isRefusal(mapping)) return { ...mapping, pointer: '/mapping' };
  return notOn(device, mapping, '/mapping') ?? inMapping(host, mapping, command, device);
}

function notOn(
  device: DaxDevice,
  { id, dax_device }: File | Mapping,
  pointer: '/file' | '/mapping',
): Refusal | null {
  if (dax_device === device.name) return null;
  return refuse('invalid_field', `${id} is on another device, ${dax_device}`, { pointer });
}

function pastEnd({ offset, length }: MemoryFailure, size: number, what: string): Refusal | null {
  if (offset >= size)
    return refuse('out_of_range', `the offset is past the end of ${what}`, { pointer: '/offset' });
  if (offset + length <= size) return null;
  return refuse('out_of_range', `the range reaches past the end of ${what}`, { pointer: '/length' });
}

/** `skipped`: bytes of the file before what the mapping shows of it. */
function inFile(
  host: Host,
  file: File,
  command: MemoryFailure,
  skipped: number,
  device: DaxDevice,
): number | Refusal {
  const past = pastEnd(command, Math.ceil(file.size / PAGE_BYTES) * PAGE_BYTES - skipped, file.id);
  if (past !== null) return past;
  const at = skipped + command.offset;
  const { extent, end } = blocksAt(host, file, Math.floor(at / PAGE_BYTES));
  if (extent === null)
    return refuse('invalid_field', `there is a hole of ${file.id}, behind which the device has no page`, {
      pointer: '/offset',
    });
  if (at + command.length > end * PAGE_BYTES)
    return refuse('invalid_field', 'the pages there are not one contiguous range of the device', {
      pointer: '/length',
    });
  return (extent.pfn - device.base_pfn - extent.offset) * PAGE_BYTES + at;
}

function inMapping(
  host: Host,
  mapping: Mapping,
  command: MemoryFailure,
  device: DaxDevice,
): number | Refusal {
  const past = pastEnd(command, mapping.length, mapping.id);
  if (past !== null) return past;
  const copied = ownPage(host, mapping, command, device);
  if (copied !== null) return copied;
  if (mapping.file === null) return mapping.offset + command.offset;
  return inFile(host, fileOf(host, mapping.file), command, mapping.offset, device);
}

/**
 * Pages that a mapping has by its entries alone: anonymous memory, which is where it was placed, and pages copied on
 * write, which are memory of no device. Null where the mapping shows what is behind it.
 */
function ownPage(
  host: Host,
  { id, anonymous }: Mapping,
  { offset, length }: MemoryFailure,
  device: DaxDevice,
): number | Refusal | null {
  const first = Math.floor(offset / PAGE_BYTES);
  const end = Math.ceil((offset + length) / PAGE_BYTES);
  const pages = [...runs(entriesOf(host, id))].flatMap((run) => clipRun(run, first, end) ?? []);
  if (pages.some(({ kind }) => kind === 'anon'))
    return refuse('invalid_field', 'a page that was copied or migrated belongs to no device', {
      pointer: '/offset',
    });
  if (!anonymous) return null;
  const [head] = pages;
  if (head?.index !== first || head.pfn < 0)
    return refuse('invalid_field', 'no page is allocated there: touch the mapping first', {
      pointer: '/offset',
    });
  const follow = pages.filter((run) => run.pfn - head.pfn === run.index - first);
  if (follow.reduce((sum, { nr_pages }) => sum + nr_pages, 0) < end - first)
    return refuse('invalid_field', 'the pages there are not one contiguous range of the device', {
      pointer: '/length',
    });
  return (head.pfn - device.base_pfn) * PAGE_BYTES + (offset % PAGE_BYTES);
}
