import { refuse, type Refusal } from '../model/refusal.ts';
import { isSame } from '../model/same.ts';
import {
  TOPOLOGY_LISTS,
  type Declared,
  type DeclaredHost,
  type Topology,
  type TopologyList,
} from '../model/topology.ts';
import type { Standing, StandingLists } from './export.ts';

/** How what stands of a list differs from what is declared. */
export interface Difference<List extends TopologyList = TopologyList> {
  /** Declared, and nothing like it stands: their places in the document. */
  readonly missing: readonly number[];
  /** Stands under its name, with other members than declared. */
  readonly differing: readonly Differing<List>[];
  /** Stands, and is not declared. */
  readonly undeclared: readonly Standing<List>[];
}

/** An element that stands otherwise than declared. */
export interface Differing<List extends TopologyList = TopologyList> {
  readonly at: number;
  readonly standing: Standing<List>;
  /** The members that differ, as they are declared. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type Members = Readonly<Record<string, unknown>>;

/** What one element is named by: of lists in which two may be alike, all that a POST says of it. */
export function nameOf<List extends TopologyList>(list: List, item: Declared<List>): Members {
  const members = item as unknown as Members;
  return Object.fromEntries(
    NAMED_BY[list].flatMap((member) => (members[member] === undefined ? [] : [[member, members[member]]])),
  );
}

const USE = ['pid', 'file', 'dax_device'] as const;
const NAMED_BY: { readonly [List in TopologyList]: readonly string[] } = {
  dax_devices: ['name'],
  mounts: ['path'],
  files: ['mount', 'path'],
  processes: ['pid'],
  open_files: [...USE, 'flags'],
  mappings: [...USE, 'offset', 'length', 'flags', 'prot'],
  pins: ['pid', 'mapping', 'offset', 'length', 'kind', 'holder'],
};

/** Lists in which several elements may have one name. */
const MAY_BE_ALIKE: ReadonlySet<TopologyList> = new Set(['open_files', 'mappings', 'pins']);

function keyOf<List extends TopologyList>(list: List, item: Declared<List>): string {
  return JSON.stringify(nameOf(list, item));
}

/** The document with what may be said in several ways said in one: the order of flags, the first of those that are alike. */
export function normalized(topology: Topology): Topology {
  const { mappings = [], pins = [] } = topology;
  return {
    ...topology,
    mappings: mappings.map((mapping) => ({ ...mapping, flags: mapping.flags.toSorted() })),
    pins: pins.map((pin) => {
      const { nth = 0, file, dax_device, offset, length, flags, prot } = pin.mapping;
      const base = { ...(file === undefined ? { dax_device: dax_device! } : { file }), offset, length };
      const name = { ...base, flags: flags.toSorted(), prot };
      return { ...pin, mapping: nth === 0 ? name : { ...name, nth } };
    }),
  };
}

/** Refuses a document that names one thing twice. */
export function refusesTwice(topology: Topology): Refusal | null {
  for (const list of TOPOLOGY_LISTS) {
    if (MAY_BE_ALIKE.has(list)) continue;
    const seen = new Set<string>();
    for (const [at, item] of (topology[list] ?? []).entries()) {
      const key = keyOf(list, item);
      if (seen.has(key))
        return refuse('invalid_field', 'it is declared twice', { pointer: `/${list}/${String(at)}` });
      seen.add(key);
    }
  }
  return null;
}

/** Compares a list. O(elements), where few are alike. */
export function differenceOf<List extends TopologyList>(
  list: List,
  { [list]: declared = [] as Topology[List] }: Topology,
  { [list]: standing }: StandingLists,
): Difference<List> {
  const left = new Map<string, Standing<List>[]>();
  for (const each of standing) {
    const key = keyOf(list, each.item);
    const alike = left.get(key);
    if (alike === undefined) left.set(key, [each]);
    else alike.push(each);
  }
  const missing: number[] = [];
  const differing: Differing<List>[] = [];
  for (const { at, item } of mostSaidFirst(declared as readonly Declared<List>[])) {
    const alike = left.get(keyOf(list, item)) ?? [];
    const [first] = alike;
    const same = alike.findIndex((each) => Object.keys(fieldsBut(each.item, item)).length === 0);
    if (same >= 0) alike.splice(same, 1);
    else if (first === undefined || MAY_BE_ALIKE.has(list)) missing.push(at);
    else {
      alike.shift();
      differing.push({ at, standing: first, fields: fieldsBut(first.item, item) });
    }
  }
  const kept = new Set([...left.values()].flat());
  return {
    missing: missing.sort((one, other) => one - other),
    differing,
    undeclared: standing.filter((each) => kept.has(each)),
  };
}

/** Of those that are alike, who says most chooses first. */
function mostSaidFirst<Item extends object>(declared: readonly Item[]): { at: number; item: Item }[] {
  const said = declared.map((item, at) => ({ at, item, members: Object.keys(item).length }));
  return said.sort((one, other) => other.members - one.members);
}

/** The members that are declared otherwise than they stand. */
function fieldsBut(standing: object, declared: object): Members {
  const members = standing as Members;
  const differing = Object.entries(declared).filter(([name, value]) => !isSame(members[name], value));
  return Object.fromEntries(differing);
}

/** The members of the host that are declared otherwise; of probes and proposed parameters those of a kind that is declared. */
export function hostBut(standing: DeclaredHost, topology: Topology): Members {
  const { dax_devices, mounts, files, processes, open_files, mappings, pins, kernel, ...rest } = topology;
  // A release decides, whatever profile stands beside it.
  const declared =
    kernel === undefined || typeof rest.kernel_release === 'string' ? rest : { ...rest, kernel };
  const now = {
    ...standing,
    kernel_probes: { ...NO_PROBES, ...standing.kernel_probes },
  } as Members;
  const isHad = (name: string, value: unknown): boolean =>
    name === 'kernel_probes' || name === 'proposed'
      ? Object.keys(fieldsBut(now[name] as object, value as object)).length === 0
      : isSame(now[name], value);
  return Object.fromEntries(Object.entries(declared).filter(([name, value]) => !isHad(name, value)));
}

const NO_PROBES = { symbols: {}, btf: {}, sysfs: {} };
