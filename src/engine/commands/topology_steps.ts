import type { Command } from '../model/command.ts';
import type { Host } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { Declared, TopologyList } from '../model/topology.ts';
import type { Names } from '../topology/names.ts';

/** The verb that ends an element. */
export function endOf(list: TopologyList, id: string): Command {
  switch (list) {
    case 'dax_devices':
      return { type: 'delete_dax_device', dax_device: id };
    case 'mounts':
      return { type: 'umount', mount: id, lazy: false };
    case 'files':
      return { type: 'unlink', file: id };
    case 'processes':
      return { type: 'exit_process', pid: Number(id) };
    case 'open_files':
      return { type: 'close_file', open_file: id };
    case 'mappings':
      return { type: 'munmap', mapping: id };
    case 'pins':
      return { type: 'unpin', pin: id };
  }
}

type Creations = {
  readonly [List in TopologyList]: (item: Declared<List>, names: Names, host: Host) => Command | Refusal;
};

const CREATIONS: Creations = {
  dax_devices: (item) => ({ type: 'create_dax_device', ...item }),
  mounts: ({ read_only, ...item }, _names, host) => {
    const mkfs = isThere(host, item) ? {} : { mkfs: true };
    return { type: 'create_mount', ...item, ...mkfs };
  },
  // Of a mount that does not stand the verb says so.
  files: ({ mount: path, ...item }, names) => ({ type: 'create_file', mount: names.mount(path)!, ...item }),
  // Nothing is inherited, for a parent has nothing yet that is declared: its own stands behind all processes.
  processes: (item) => ({ type: 'create_process', ...item }),
  open_files: (item, names) => withTarget(item, names, (target) => ({ type: 'open_file', ...target })),
  mappings: (item, names) => withTarget(item, names, (target) => ({ type: 'create_mapping', ...target })),
  pins: ({ mapping: name, ...item }, names) => {
    const mapping = names.mapping(item.pid, name);
    if (mapping === undefined)
      return refuse('mapping_not_found', 'the process has no such mapping', { pointer: '/mapping' });
    return { type: 'create_pin', mapping, ...item };
  },
};

/** The verb that makes an element; refused where what it names does not stand. */
export function creationOf<List extends TopologyList>(
  host: Host,
  names: Names,
  list: List,
  item: Declared<List>,
): Command | Refusal {
  return CREATIONS[list](item, names, host);
}

/** The same element with the id of its file. */
function withTarget<Item extends Declared<'open_files' | 'mappings'>>(
  { file: name, ...item }: Item,
  names: Names,
  make: (item: Omit<Item, 'file'> & { readonly file?: string }) => Command,
): Command | Refusal {
  if (name === undefined) return make(item);
  const file = names.file(name);
  if (file !== undefined) return make({ ...item, file });
  const detail = `the file ${name.path} stands under another name than below ${name.mount}`;
  return refuse('file_not_found', detail, { pointer: '/file' });
}

/** Whether the device has that file system already: it outlives its mounts. */
function isThere({ tables }: Host, declared: Declared<'mounts'>): boolean {
  const { dax_device, fs_type, rmapbt, reflink, agcount, partition = null } = declared;
  const generation = tables.dax_devices.get(dax_device)?.generation;
  const wanted = { dax_device, generation, fs_type, partition, rmapbt, reflink, agcount };
  const isWanted = (file_system: object): boolean =>
    Object.entries(wanted).every(
      ([name, value]) =>
        value === undefined || (file_system as typeof wanted)[name as keyof typeof wanted] === value,
    );
  return tables.file_systems.where(isWanted).length > 0;
}
