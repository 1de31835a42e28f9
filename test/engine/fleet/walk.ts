import type { DaxDevice, Host } from '../../../src/engine/model/host.ts';
import { NO_ENTRIES, rowsOf } from '../../../src/engine/model/mapping_table.ts';
import { found, PAGE } from '../support.ts';

/** One page that a mapping's page tables translate. */
interface Translation {
  readonly mapping: string;
  readonly pfn: number;
  readonly writable: boolean;
  /** Anonymous memory in System RAM. */
  readonly ram: boolean;
}

/** The page tables of a device walked page by page, of tasks that still have their memory; reads the rows itself. */
export function* walk(host: Host, device: DaxDevice): Generator<Translation> {
  for (const { id, pid, dax_device } of host.tables.mappings.values()) {
    if (dax_device !== device.name || found(host.tables.processes.get(String(pid))).state === 'dead')
      continue;
    const rows = rowsOf(host.entries.get(id) ?? NO_ENTRIES);
    for (let at = 0; at < rows.length; at += 4) {
      const [, nr_pages = 0, first = 0, bits = 0] = rows.subarray(at, at + 4);
      const kind = ['dax', 'anon', 'cache', 'ram'][Math.floor(bits / 4) % 4];
      if (first < 0 || (kind !== 'dax' && kind !== 'ram')) continue;
      for (let pfn = first; pfn < first + nr_pages; pfn += 1) {
        yield { mapping: id, pfn, writable: Math.floor(bits / 16) % 2 === 1, ram: kind === 'ram' };
      }
    }
  }
}

/** What one mapping or pin, or several of one process together, reach of another owner's. */
interface Reached {
  readonly pages: Set<number>;
  readonly writable: Set<number>;
}

/** What the windows of one process are onto one owner, page by page: what an open exposure must say. */
interface ReachedBy extends Reached {
  readonly pid: number;
  readonly dax_device: string;
  readonly reason: string;
  readonly generation: number;
  readonly windows: Map<string, Reached>;
}

/** Exposures that must be open, in any order; no two of them are of one process, device and generation. */
export function exposed(host: Host): ReachedBy[] {
  const found_now = new Map<string, ReachedBy>();
  const reach = (
    device: DaxDevice,
    id: string,
    pid: number,
    generation: number,
    pfn: number,
    write: boolean,
  ): void => {
    const reason = generation === device.generation ? 'tenant' : 'generation';
    const key = JSON.stringify([device.name, pid, generation]);
    const by = found_now.get(key) ?? {
      ...{ pid, dax_device: device.name, reason, generation, windows: new Map<string, Reached>() },
      ...nothing(),
    };
    found_now.set(key, by);
    const window = by.windows.get(id) ?? nothing();
    by.windows.set(id, window);
    for (const { pages, writable } of [by, window]) {
      pages.add(pfn);
      if (write) writable.add(pfn);
    }
  };
  for (const device of host.tables.dax_devices.values()) {
    const region = host.tables.cxl_regions.get(device.cxl_region ?? '');
    if (!device.media_present || (region !== undefined && region.decode_state === 'reset')) continue;
    const isPresent = (pfn: number): boolean =>
      pfn >= device.base_pfn && pfn < device.base_pfn + Math.floor(device.size / PAGE);
    for (const { mapping, pfn, writable: write, ram } of walk(host, device)) {
      const { pid } = found(host.tables.mappings.get(mapping));
      const owner = ownerOf(host, mapping, ram);
      if (!isPresent(pfn) || (owner === device.generation && !isFormer(host, device, pid))) continue;
      const poisoned = device.hwpoisoned.some(([first, count]) => pfn >= first && pfn < first + count);
      if (!ram || !poisoned) reach(device, mapping, pid, owner, pfn, write);
    }
    for (const pin of host.tables.pins.values()) {
      if (pin.dax_device !== device.name || pin.kind !== 'longterm') continue;
      if (pin.generation === device.generation && !isFormer(host, device, pin.pid)) continue;
      for (const [first, count] of pin.pfn_ranges) {
        for (let pfn = first; pfn < first + count; pfn += 1)
          if (isPresent(pfn)) reach(device, pin.id, pin.pid, pin.generation, pfn, true);
      }
    }
  }
  return [...found_now.values()];
}

function nothing(): Reached {
  return { pages: new Set(), writable: new Set() };
}

/** Whether a process is of a tenant from whom the device was taken as it was. */
function isFormer(host: Host, { mode, former_tenants }: DaxDevice, pid: number): boolean {
  const { tenant } = found(host.tables.processes.get(String(pid)));
  return mode !== 'system-ram' && tenant !== null && former_tenants.includes(tenant);
}

/** The generation that owns what the mapping maps: of its file system, of its System RAM, or of when it was made. */
function ownerOf(host: Host, id: string, ram: boolean): number {
  const { file, dax_device, generation } = found(host.tables.mappings.get(id));
  if (ram) return found(host.tables.memory_ranges.get(dax_device)).generation;
  if (file === null) return generation;
  return found(host.tables.file_systems.get(found(host.tables.files.get(file)).file_system)).generation;
}
