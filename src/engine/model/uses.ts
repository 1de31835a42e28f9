import { addId, countIds, dropId, idList, idsOf, type IdList } from './id_list.ts';

/** What records are found by: none of the kinds comes again under its id, and of what it reaches only a device's name changes. */
export type UseField =
  | `${'file_systems' | 'mounts' | 'files' | 'open_files' | 'mappings' | 'pins'}/dax_device`
  | `${'mounts' | 'files'}/file_system`
  | `${'open_files' | 'mappings' | 'pins'}/pid`
  | `${'open_files' | 'mappings'}/file`
  // The open file description of a device node.
  | `${'open_files' | 'mappings'}/node`
  // Of memory that the system RAM of a device gave.
  | 'mappings/anonymous'
  // What came to share an open file description, of either kind: isHeldBeside() asks.
  | 'description'
  // A removal is found until it has completed. It has one value, which is empty.
  | 'removals/not_completed';

/** What it has in common with others: a name, an id or a pid. */
export type UseValue = string | number;

/** Ids in order of creation; one that is alone stands for itself: most are. */
type Ids = string | IdList;

/** Ids of records by what they reach or belong to. */
export type Uses = Map<UseField, Map<UseValue, Ids>>;

/** Of a host that has no records yet. */
export function noUses(): Uses {
  return new Map();
}

const NONE: readonly string[] = [];

/** The ids that are found there. */
export function idsBy(uses: Uses, field: UseField, value: UseValue): readonly string[] {
  const ids = uses.get(field)?.get(value);
  if (ids === undefined) return NONE;
  return typeof ids === 'string' ? [ids] : idsOf(ids);
}

/** Has an id found there, behind the others. */
export function addUse(uses: Uses, field: UseField, value: UseValue, id: string): void {
  const byValue = uses.get(field);
  if (byValue === undefined) {
    uses.set(field, new Map([[value, id]]));
    return;
  }
  const ids = byValue.get(value);
  if (ids === undefined) byValue.set(value, id);
  else if (typeof ids !== 'string') addId(ids, id);
  else if (ids !== id) byValue.set(value, idList(ids, id));
}

/** Has these ids found there, in front of those that are: of a host that is loaded in part they were created before. */
export function addUsesBefore(uses: Uses, field: UseField, value: UseValue, ids: Iterable<string>): void {
  const all = new Set(ids);
  for (const id of idsBy(uses, field, value)) all.add(id);
  uses.get(field)?.delete(value);
  for (const id of all) addUse(uses, field, value, id);
}

/** Has an id found there no more; of a host that is loaded in part nobody may have asked for it. */
export function dropUse(uses: Uses, field: UseField, value: UseValue, id: string): void {
  const byValue = uses.get(field);
  const ids = byValue?.get(value);
  if (byValue === undefined || ids === undefined) return;
  if (typeof ids !== 'string') {
    dropId(ids, id);
    if (countIds(ids) === 1) byValue.set(value, idsOf(ids)[0]!);
  } else if (ids === id) {
    byValue.delete(value);
    if (byValue.size === 0) uses.delete(field);
  }
}
