import type { File, FileSystem, Kind, Mapping, Mount, Pin } from './host.ts';
import type { OpenFile } from './open_file.ts';
import type { RemovalRecord } from './removal.ts';
import type { UseField, Uses, UseValue } from './uses.ts';

/** What is done about each use of a record: addUse() or dropUse(). */
type Act = (uses: Uses, field: UseField, value: UseValue, id: string) => void;

/**
 * Calls `act` for each use of a record that another state of it, where there is one, does not have; false where these are
 * found alike.
 */
export function forUsesBut(
  kind: Kind,
  record: unknown,
  but: unknown,
  act: Act,
  uses: Uses,
  id: string,
): boolean {
  if (but === undefined) {
    forUses(kind, record, act, uses, id);
    return true;
  }
  const deviceOf = (of: unknown): string | undefined => (of as { readonly dax_device?: string }).dax_device;
  if (kind !== 'removals' && deviceOf(record) === deviceOf(but)) return false;
  const unlessShared: Act = (uses_by, field, value, found) => {
    if (!isFoundBy(kind, but, field, value)) act(uses_by, field, value, found);
  };
  forUses(kind, record, unlessShared, uses, id);
  return true;
}

/** Whether a record is found by that. */
export function isFoundBy(kind: Kind, record: unknown, field: UseField, value: UseValue): boolean {
  let isFound = false;
  const compare: Act = (_uses, known, is) => {
    isFound ||= known === field && is === value;
  };
  forUses(kind, record, compare, new Map(), '');
  return isFound;
}

/** Calls `act` for each use of a record. No list of them: there are three of each mapping. */
export function forUses(kind: Kind, record: unknown, act: Act, uses: Uses, id: string): void {
  if (kind === 'mappings') forMapping(record as Mapping, act, uses, id);
  else if (kind === 'open_files') forOpenFile(record as OpenFile, act, uses, id);
  else if (kind === 'pins') {
    const { pid, dax_device } = record as Pin;
    act(uses, 'pins/pid', pid, id);
    act(uses, 'pins/dax_device', dax_device, id);
  } else if (kind === 'file_systems') {
    act(uses, 'file_systems/dax_device', (record as FileSystem).dax_device, id);
  } else if (kind === 'mounts' || kind === 'files') {
    const { file_system, dax_device } = record as Mount | File;
    act(uses, `${kind}/file_system`, file_system, id);
    act(uses, `${kind}/dax_device`, dax_device, id);
  } else if (kind === 'removals' && (record as RemovalRecord).state !== 'completed') {
    act(uses, 'removals/not_completed', '', id);
  }
}

function forOpenFile(open_file: OpenFile, act: Act, uses: Uses, id: string): void {
  const { pid, dax_device, file, description } = open_file;
  act(uses, 'open_files/pid', pid, id);
  act(uses, 'open_files/dax_device', dax_device, id);
  if (description !== open_file.id) act(uses, 'description', description, id);
  if (file === null) act(uses, 'open_files/node', description, id);
  else act(uses, 'open_files/file', file, id);
}

function forMapping(mapping: Mapping, act: Act, uses: Uses, id: string): void {
  const { pid, dax_device, file, description, anonymous } = mapping;
  act(uses, 'mappings/pid', pid, id);
  act(uses, 'mappings/dax_device', dax_device, id);
  if (description !== null && description !== mapping.id) act(uses, 'description', description, id);
  if (file !== null) act(uses, 'mappings/file', file, id);
  else if (description !== null) act(uses, 'mappings/node', description, id);
  if (anonymous) act(uses, 'mappings/anonymous', dax_device, id);
}
