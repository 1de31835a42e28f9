import type { ImportInventory } from '../engine/model/host_command.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import { bytesOf, packJson, textIn, unpackJson } from '../store/packed.ts';
import type { PackedRecords } from '../store/port.ts';
import {
  NOTHING_LISTED,
  planImport,
  printListing,
  type Listed,
  type Modelled,
  type TooLarge,
} from './listing.ts';
import { blockedBehind, type HeldLock } from './listing_lock.ts';

/** The records that an import starts from, and those that an export prints. */
export const IMPORT_KINDS = [
  'inventories',
  'dax_devices',
  'memory_ranges',
  'cxl_memdevs',
  'cxl_regions',
] as const;
/** Those that an export prints. */
export const EXPORT_KINDS = [...IMPORT_KINDS, 'hosts', 'removals'] as const;

type ImportRecords = PackedRecords<(typeof IMPORT_KINDS)[number]>;
type ExportRecords = PackedRecords<(typeof EXPORT_KINDS)[number]>;

/**
 * What the thread of listings is asked and answers: packed, as it came from the store and goes to it or to the client.
 * The thread that asks sees only bytes, however many devices a listing has.
 */
export interface ImportJob {
  readonly do: 'import';
  /** Packed records of IMPORT_KINDS. */
  readonly records: ArrayBuffer;
  /** UTF-8 of a listing. */
  readonly text: ArrayBuffer;
  /** Whether it is everything of each kind in it. */
  readonly complete: boolean;
}

/** An import that can be submitted: its command as a PackedSubmission has it. */
export interface PackedImport {
  readonly command: ArrayBuffer;
}

/** A listing to be printed of one host. */
export interface ExportJob {
  readonly do: 'export';
  /** Packed records of EXPORT_KINDS. */
  readonly records: ArrayBuffer;
  readonly host: string;
  readonly format: ExportFormat;
}

/** A listing; `blocked_by` is the removal (its uid) behind which the real tool would sleep instead of printing it. */
export interface Exported {
  /** UTF-8 of its JSON; of nothing to list `[]`, where the tools print no text at all. */
  readonly text: ArrayBuffer;
  readonly blocked_by: string | null;
}

/** Works a listing into what is known of its host; a refusal where it is none, or too large. */
export function answerImport(job: ImportJob): PackedImport | Refusal | TooLarge {
  const records = unpackJson(job.records) as ImportRecords;
  const plan = planImport(listedIn(records), modelledIn(records), textIn(job.text), job.complete);
  if (isRefusal(plan) || 'too_large' in plan) return plan;
  const { imported, ...changes } = plan;
  const command = { type: 'import_inventory', ...changes, imported: JSON.stringify(imported) } as const;
  return { command: packJson(command satisfies ImportInventory) };
}

/** Prints the devices of a host as the tool would. */
export function answerExport({ records: packed, host, format }: ExportJob): Exported {
  const records = unpackJson(packed) as ExportRecords;
  const text = printListing(listedIn(records), modelledIn(records), format);
  const kernel = records.hosts.find(({ name }) => name === host)!;
  const held = heldLocks(records);
  return { text: bytesOf(text === '' ? '[]' : text), blocked_by: blockedBehind(format, kernel, held) };
}

/** A host has one record of what its listings showed, or none yet. */
function listedIn({ inventories: [inventory] }: ImportRecords): Listed {
  return inventory === undefined ? NOTHING_LISTED : (inventory.record as Listed);
}

function modelledIn({ dax_devices, memory_ranges, cxl_memdevs, cxl_regions }: ImportRecords): Modelled {
  return { devices: dax_devices, ranges: memory_ranges, cxl_memdevs, cxl_regions };
}

function heldLocks({ removals, dax_devices, cxl_regions }: ExportRecords): HeldLock[] {
  const named = new Map(dax_devices.map((device) => [device.name, device]));
  const regions = new Map(cxl_regions.map((region) => [region.name, region]));
  return removals.flatMap((removal) => {
    const device = named.get(removal.dax_device);
    // A reboot ends the task that holds the lock, not the record of it.
    const isHeld = removal.state === 'waiting' || removal.state === 'stuck';
    if (!isHeld || device?.removal !== removal.id) return [];
    return [{ removal, device, region: regions.get(device.cxl_region ?? '') }];
  });
}
