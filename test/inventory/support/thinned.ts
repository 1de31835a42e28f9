import fc from 'fast-check';
import { printLossless } from '../../../src/inventory/lossless.ts';
import type { ListedObject, ListedValue } from '../../../src/inventory/record.ts';
import { valueOf } from './host.ts';

/** What is left out of a listing. */
export interface Gaps {
  /** Of the n-th object or member, counted through the whole tree and around again, whether it is. */
  readonly drops: readonly boolean[];
  /** Objects of these kinds, by the key that names one: as without the flag that lists them. */
  readonly kinds: readonly string[];
  /** Only objects that have a name go: what is left is told as it was, for a member that is missing tells something. */
  readonly only_objects: boolean;
}

const KINDS = ['memdev', 'endpoint', 'decoder', 'port', 'region', 'chardev', 'nmem', 'namespace', 'path'];

/** Nothing is left out, or whole kinds, or about one object or member in ten, or both. */
export const GAPS: fc.Arbitrary<Gaps> = fc.record({
  drops: fc.oneof(
    fc.constant([false]),
    fc.array(
      fc.nat(9).map((drawn) => drawn === 0),
      { minLength: 40, maxLength: 120 },
    ),
  ),
  kinds: fc.subarray(KINDS, { maxLength: 3 }),
  only_objects: fc.constant(false),
});

/** The same of whole objects. */
export const OBJECT_GAPS: fc.Arbitrary<Gaps> = GAPS.map((gaps) => ({ ...gaps, only_objects: true }));

/** A listing without some of it, as other flags or filters of the tool would print it. */
export function thinned(text: string, { drops, kinds, only_objects }: Gaps): string {
  let seen = 0;
  const isKept = (value: ListedValue | undefined): boolean => {
    seen += 1;
    const kind = kindOf(value);
    const mayGo = !only_objects || KINDS.includes(kind);
    return !(mayGo && drops[(seen - 1) % drops.length]) && !kinds.includes(kind);
  };
  const visit = (value: ListedValue): ListedValue => {
    if (typeof value !== 'object' || value === null || '$number' in value) return value;
    if (Array.isArray(value)) return (value as ListedValue[]).filter(isKept).map(visit);
    const kept = Object.entries(value as ListedObject).filter(([, member]) => isKept(member));
    return Object.fromEntries(kept.map(([key, member]) => [key, visit(member!)]));
  };
  return printLossless(visit(valueOf(text)));
}

function kindOf(value: ListedValue | undefined): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const [[key, name] = ['', null]] = Object.entries(value as ListedObject);
  return key === 'dev' && typeof name === 'string' ? name.replace(/[\d.]+$/, '') : key;
}
