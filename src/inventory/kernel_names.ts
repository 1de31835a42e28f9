import { textOf } from './read_field.ts';
import type { ListedObject } from './record.ts';

/** Name of a disk, dax device or namespace → the device that has it. */
export type NameOwners = ReadonlyMap<string, string>;

/** A name, or where another device of the host has that, the next of its region. */
export function freeName(name: string, device: string, owners: NameOwners): string {
  let free = name;
  for (let index = 1; (owners.get(free) ?? device) !== device; index += 1) {
    free = name.replace(/^(pmem|dax)(\d+)(?:\.\d+)?/, `$1$2.${String(index)}`);
  }
  return free;
}

/**
 * The name of a dax device: its own, the one listed, or where it has neither, the one the kernel gives: daxR.N for
 * namespaceR.N.
 * Source: drivers/dax/pmem.c __dax_pmem_probe(), v6.12; [M129].
 */
export function daxName(
  namespace: ListedObject | null,
  dax: ListedObject | null,
  device: string,
): string | null {
  if (/^dax\d+\.\d+$/.test(device)) return device;
  return textOf(dax, 'chardev') ?? textOf(namespace, 'dev')?.replace('namespace', 'dax') ?? null;
}

/** The namespace of a device on an nd bus that was not imported: pmemR[.N] and daxR.N are of namespaceR.N. */
export function namespaceOf(device: string): ListedObject | null {
  const match = /^pmem(\d+)(?:\.(\d+))?s?$/.exec(device) ?? /^dax(\d+)\.(\d+)$/.exec(device);
  return match === null ? null : { dev: `namespace${match[1]!}.${match[2] ?? '0'}` };
}
