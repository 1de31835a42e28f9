import { apply } from '../src/engine/model/apply.ts';
import type { Change } from '../src/engine/model/event.ts';
import type { Host } from '../src/engine/model/host.ts';
import { fileOf, filesOfDevice, mappingsOfDevice } from '../src/engine/model/lookup.ts';
import { encodeRun, type Level } from '../src/engine/model/mapping_table.ts';
import type { FsType, KernelName, SigbusDisposition } from '../src/engine/model/vocabulary.ts';
import { build, run } from './engine.ts';

/** How extents lie on a device. */
export interface Layout {
  readonly fs_type: FsType | 'devdax';
  readonly level: Extract<Level, 'pte' | 'pmd'>;
  readonly size: number;
  readonly sigbus: SigbusDisposition;
  /** Extents of each mapping; all of them by a few mappings of the whole file where absent. */
  readonly each?: number;
}

/** Mappings of the whole file where a few have all extents. */
const FEW = 8;
const PAGE = 4096;

/**
 * A host whose one device has so many extents mapped, none of them a neighbour of another: every other entry of each
 * mapping is there. Put there by events, as faults would one by one.
 */
export function withExtents(kernel: KernelName, layout: Layout, extents: number): Host {
  const host = hostOf(kernel, layout);
  const mappings = layout.each === undefined ? FEW : Math.ceil(extents / layout.each);
  const each = Math.ceil(extents / mappings);
  const unit = layout.level === 'pte' ? 1 : 512;
  const room = Math.floor((layout.size / PAGE) * 0.9);
  const span = layout.each === undefined ? Math.floor(room / unit) * unit : 2 * each * unit;
  const step = Math.max(2, Math.floor(span / unit / each)) * unit;
  const slots = Math.max(1, Math.floor(room / span));
  const [file] = filesOfDevice(host, 'pmem0');
  for (let at = 0; at < mappings; at += 1) {
    const pid = layout.each === undefined ? at + 1 : Math.floor(at / 10) + 1;
    if (layout.each === undefined || at % 10 === 0)
      run(host, { type: 'create_process', pid, comm: 'bench', sigbus: layout.sigbus });
    const offset = layout.each === undefined ? 0 : (at % slots) * span;
    const where = file === undefined ? { dax_device: 'pmem0' } : { file: file.id };
    run(host, {
      ...{ type: 'create_mapping', pid, ...where, flags: ['shared'], prot: 'rw' },
      ...{ offset: offset * PAGE, length: span * PAGE, page_size: unit * PAGE },
    } as Parameters<typeof run<'create_mapping'>>[1]);
  }
  const device = host.tables.dax_devices.get('pmem0')!;
  const changes: Change[] = mappingsOfDevice(host, 'pmem0').map(({ id, offset }) => ({
    op: 'insert_entries',
    owner: id,
    rows: rowsOf(each, unit, step, device.pgmap, (index) =>
      file === undefined
        ? device.base_pfn + offset / PAGE + index
        : fileOf(host, file.id).extents[0]!.pfn + offset / PAGE + index,
    ),
  }));
  if (file !== undefined)
    for (let slot = 0; slot < Math.min(slots, mappings); slot += 1)
      changes.push({
        op: 'insert_entries',
        owner: file.id,
        rows: rowsOf(each, unit, step, 0, () => -1, slot * span),
      });
  apply(host, { type: 'page_faulted', subject: 'mappings', data: {}, changes });
  return host;
}

function rowsOf(
  count: number,
  unit: number,
  step: number,
  pgmap: number,
  pfnAt: (index: number) => number,
  from = 0,
): number[] {
  const level = unit === 1 ? 'pte' : 'pmd';
  return Array.from({ length: count }, (_, at) => {
    const index = from + at * step;
    const alike = { level, kind: 'dax', writable: true, pgmap } as const;
    return encodeRun({ index, nr_pages: unit, pfn: pfnAt(index), ...alike });
  }).flat();
}

function hostOf(kernel: KernelName, { fs_type, size }: Layout): Host {
  const mode = fs_type === 'devdax' ? 'devdax' : 'fsdax';
  const host = build([
    { type: 'create_host', name: 'bench', kernel },
    { type: 'create_dax_device', name: 'pmem0', mode, size },
  ]);
  if (fs_type === 'devdax') return host;
  const made = run(host, {
    ...{ type: 'create_mount', dax_device: 'pmem0', path: '/mnt', dax: 'always', mkfs: true, fs_type },
    ...(fs_type === 'xfs' && { rmapbt: true }),
  });
  run(host, { type: 'create_file', mount: made.id, path: '/file', size: Math.floor(size * 0.9) });
  return host;
}
