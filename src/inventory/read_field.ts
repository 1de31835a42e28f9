import { DAX_MODES } from '../engine/model/vocabulary.ts';
import { isObject, isOdd } from './lossless.ts';
import { toCount } from './number.ts';
import type { ListedObject, ListedValue } from './record.ts';

/** An object with these of its keys. */
export function pick(object: ListedObject, keys: readonly string[]): ListedObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}

/** The mode of a namespace as it is listed, or null. */
export function namespaceMode(namespace: ListedObject | null | undefined): string | null {
  return textOf(namespace, 'mode');
}

const NAMESPACE_MODES = ['fsdax', 'devdax', 'raw', 'sector'];
const MODES_ON_DAX_BUS: readonly string[] = DAX_MODES;

/** Whether a namespace can be in this mode, as far as modes are modelled. */
export function isModeOfNamespace(mode: string): boolean {
  return NAMESPACE_MODES.includes(mode);
}

/** The same of a dax device. */
export function isModeOfDax(mode: string): boolean {
  return MODES_ON_DAX_BUS.includes(mode);
}

/** A string field, or null. */
export function textOf(object: ListedObject | null | undefined, key: string): string | null {
  const value = object?.[key];
  return typeof value === 'string' ? value : null;
}

/** An array-of-objects field, or null; null also where a member of it cannot be read. */
export function objectsOf(
  object: ListedObject | null | undefined,
  key: string,
): readonly ListedObject[] | null {
  const value = object?.[key];
  if (!Array.isArray(value)) return null;
  const members = value as readonly ListedValue[];
  return members.every((member) => isObject(member) && !isOdd(member)) ? (members as ListedObject[]) : null;
}

/** Those members of an array-of-objects field that can be read, or null. */
export function readableOf(object: ListedObject, key: string): readonly ListedObject[] | null {
  const value = object[key];
  if (!Array.isArray(value)) return null;
  return (value as readonly ListedValue[])
    .filter((member) => isObject(member))
    .filter((member) => !isOdd(member));
}

/** The `mappings` of an nd or a CXL region in position order, or null. */
export function membersOf(region: ListedObject | null | undefined): readonly ListedObject[] | null {
  const mappings = objectsOf(region, 'mappings');
  const positionOf = (mapping: ListedObject): number => toCount(mapping['position']) ?? 0;
  return mappings === null
    ? null
    : [...mappings].sort((mapping, other) => positionOf(mapping) - positionOf(other));
}

/**
 * Whether a namespace without a driver has a pfn or dax personality (it has an align): then neither its size nor its
 * badblocks are told [M122].
 * Source: drivers/nvdimm/pfn_devs.c size_show(), resource_show(), v6.12.
 */
export function hidesContent(namespace: ListedObject): boolean {
  return namespace['state'] === 'disabled' && namespace['align'] !== undefined;
}

/** The dimm that everything of a region lies on, where it has but one. */
export function onlyDimm(region: ListedObject | undefined): string | null {
  const [only, other] = membersOf(region) ?? [];
  return other === undefined ? textOf(only, 'dimm') : null;
}

/** Whether a uuid tells one content from another: that of nothing is all zero [M128]. */
export function isUuid(uuid: string | null): uuid is string {
  return uuid !== null && uuid !== NIL_UUID;
}

/** The uuid of a namespace that was never created. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** `namespace0.1` lies in region0: the kernel names it so. */
export function regionOfNamespace(dev: string): string {
  return dev.replace(/^namespace(\d+)\..*$/, 'region$1');
}
