import type { HostTable, ObjectKind } from './record.ts';

/** The kinds that are merged object by object; namespaces and dax regions follow the devices. */
export const HOST_TABLES = {
  bus: 'buses',
  dimm: 'dimms',
  region: 'regions',
  cxl_bus: 'cxl_buses',
  port: 'ports',
  endpoint: 'endpoints',
  memdev: 'memdevs',
  decoder: 'decoders',
  cxl_region: 'cxl_regions',
} as const satisfies Partial<Record<ObjectKind, HostTable>>;

export type HostKind = keyof typeof HOST_TABLES;

/** All of them. */
export const HOST_KINDS = Object.keys(HOST_TABLES) as HostKind[];

/** The table of a kind; null for what stands with the devices. */
export function tableOf(kind: ObjectKind): HostTable | null {
  return (HOST_TABLES as Partial<Record<ObjectKind, HostTable>>)[kind] ?? null;
}
