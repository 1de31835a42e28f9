import type { File, FileSystem, Kind, Mapping, Mount, Pin } from './host.ts';
import type { OpenFile } from './open_file.ts';
import type { RemovalRecord } from './removal.ts';
import { isAmong, type Use } from './uses.ts';

/** Of what nothing finds. */
const NO_USES: readonly Use[] = [];

/** Where a record is found, and another state of it is not. */
export function usesBut(kind: Kind, record: unknown, but: unknown): readonly Use[] {
  if (but === undefined) return usesOf(kind, record);
  const deviceOf = (of: unknown): string | undefined => (of as { readonly dax_device?: string }).dax_device;
  if (kind !== 'removals' && deviceOf(record) === deviceOf(but)) return NO_USES;
  const others = usesOf(kind, but);
  return usesOf(kind, record).filter((use) => !isAmong(others, ...use));
}

/** Where a record is found. */
export function usesOf(kind: Kind, record: unknown): readonly Use[] {
  if (kind === 'mappings') return usesOfMapping(record as Mapping);
  if (kind === 'open_files') return usesOfOpenFile(record as OpenFile);
  if (kind === 'removals')
    return (record as RemovalRecord).state === 'completed' ? NO_USES : [['removals/not_completed', '']];
  if (kind === 'file_systems') return [['file_systems/dax_device', (record as FileSystem).dax_device]];
  if (kind === 'pins') {
    const { pid, dax_device } = record as Pin;
    return [
      ['pins/pid', pid],
      ['pins/dax_device', dax_device],
    ];
  }
  if (kind !== 'mounts' && kind !== 'files') return NO_USES;
  const { file_system, dax_device } = record as Mount | File;
  return [
    [`${kind}/file_system`, file_system],
    [`${kind}/dax_device`, dax_device],
  ];
}

function usesOfOpenFile({ id, pid, dax_device, file, description }: OpenFile): Use[] {
  const uses: Use[] = [
    ['open_files/pid', pid],
    ['open_files/dax_device', dax_device],
  ];
  if (description !== id) uses.push(['description', description]);
  uses.push(file === null ? ['open_files/node', description] : ['open_files/file', file]);
  return uses;
}

function usesOfMapping({ id, pid, dax_device, file, description, anonymous }: Mapping): Use[] {
  const uses: Use[] = [
    ['mappings/pid', pid],
    ['mappings/dax_device', dax_device],
  ];
  if (description !== null && description !== id) uses.push(['description', description]);
  if (file !== null) uses.push(['mappings/file', file]);
  else if (description !== null) uses.push(['mappings/node', description]);
  if (anonymous) uses.push(['mappings/anonymous', dax_device]);
  return uses;
}
