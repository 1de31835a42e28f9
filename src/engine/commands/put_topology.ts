import type { Command } from '../model/command.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { REFUSAL_CODES } from '../model/refusal_codes.ts';
import {
  TOPOLOGY_LISTS,
  type Declared,
  type PutAnswer,
  type PutTopology,
  type Topology,
  type TopologyChange,
  type TopologyList,
} from '../model/topology.ts';
import type { Transaction } from '../model/transaction.ts';
import {
  differenceOf,
  hostBut,
  nameOf,
  normalized,
  refusesTwice,
  type Differing,
} from '../topology/difference.ts';
import {
  exportTopology,
  refusesLarge,
  standingHost,
  standingOf,
  type StandingLists,
} from '../topology/export.ts';
import { namesIn } from '../topology/names.ts';
import { refusesUndeclared } from '../topology/references.ts';
import { asIfAlone } from './batch.ts';
import type { CarriedOut } from './carry_out.ts';
import { creationOf, endOf } from './topology_steps.ts';

/** Carries out one command as if it came alone. */
type CarryOutStep = (own: Transaction, command: Command) => CarriedOut<unknown> | Refusal;

/** A PUT under way. */
interface Way {
  readonly tx: Transaction;
  readonly topology: Topology;
  readonly carryOut: CarryOutStep;
  readonly changes: TopologyChange[];
}

/**
 * Makes a host as declared, by the verbs that there are, or changes nothing (TOPO1):
 *
 *   host made or changed ─▶ pins, mappings, descriptors, processes that are not declared end
 *     ─▶ mounts, devices end ─▶ devices ─▶ mounts ─▶ files end and are made ─▶ processes ─▶ descriptors ─▶ mappings
 *     ─▶ pins ─▶ mounts go read-only ─▶ nothing differs any more, or it is refused
 *
 * A host that is larger than a document is refused, for all of it might have to end. Refused as each verb refuses, with a pointer to the member; with `not_attainable` where no verb makes it so, where one
 * does not come back, and where what is made stands otherwise than declared.
 */
export function putTopology(
  tx: Transaction,
  { name, topology }: PutTopology,
  carryOut: CarryOutStep,
): PutAnswer | Refusal {
  const way: Way = { tx, topology: normalized(topology), carryOut, changes: [] };
  const refusal =
    refusesTwice(way.topology) ??
    refusesUndeclared(way.topology) ??
    putHost(way, name) ??
    refusesLarge(standingOf(tx.host)) ??
    putLists(way);
  if (refusal !== null) return refusal;
  const exported = exportTopology(tx.host);
  return isRefusal(exported) ? exported : { changes: way.changes, topology: exported };
}

function putHost(way: Way, name: string): Refusal | null {
  const { tx, topology } = way;
  const { dax_devices, mounts, files, processes, open_files, mappings, pins, ...declared } = topology;
  if (tx.host.tables.hosts.size === 0) {
    way.changes.push({ op: 'create', kind: 'hosts', name: { name } });
    return step(way, { type: 'create_host', name, ...declared }, '');
  }
  const fields = hostBut(standingHost(tx.host), topology);
  if (Object.keys(fields).length === 0) return null;
  if ('kernel' in fields) return unattainable('/kernel', 'another kernel boots: POST …/reboot');
  way.changes.push({ op: 'change', kind: 'hosts', name: { name }, fields });
  return step(way, { type: 'patch_host', ...fields }, '');
}

/** Users go before what they use. */
const ENDED_FIRST = ['pins', 'mappings', 'open_files', 'processes', 'mounts', 'dax_devices'] as const;

/** What comes with what is made: files with their file system, descriptors and mappings with a fork. */
const MAY_COME_ALONG: ReadonlySet<TopologyList> = new Set(['files', 'open_files', 'mappings']);

function putLists(way: Way): Refusal | null {
  return (
    first(ENDED_FIRST, (list) => endUndeclared(way, list)) ??
    first(TOPOLOGY_LISTS, (list) => putList(way, list)) ??
    turnReadOnly(way) ??
    first(TOPOLOGY_LISTS, (list) => refusesRest(way, list))
  );
}

/** The first refusal that there is. */
function first<T>(each: Iterable<T>, act: (one: T) => Refusal | null): Refusal | null {
  for (const one of each) {
    const refusal = act(one);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Elements of a list that stand and are not declared. Files of a mount that goes outlive it. */
function undeclared<List extends TopologyList>(way: Way, list: List, standing: StandingLists) {
  const found = differenceOf(list, way.topology, standing).undeclared;
  if (list !== 'files') return found;
  const paths = new Set((way.topology.mounts ?? []).map(({ path }) => path));
  return found.filter(({ item }) => paths.has((item as Declared<'files'>).mount));
}

function endUndeclared(way: Way, list: TopologyList): Refusal | null {
  const gone = undeclared(way, list, standingOf(way.tx.host)).toReversed();
  return first(gone, ({ id, item }) => {
    way.changes.push({ op: 'delete', kind: list, name: nameOf(list, item) });
    return step(way, endOf(list, id), `/${list}`, true);
  });
}

function putList(way: Way, list: TopologyList): Refusal | null {
  const ended = MAY_COME_ALONG.has(list) ? endUndeclared(way, list) : null;
  if (ended !== null) return ended;
  const standing = standingOf(way.tx.host);
  const { missing, differing } = differenceOf(list, way.topology, standing);
  const changed = first(differing, (each) => change(way, list, each));
  if (changed !== null) return changed;
  const names = namesIn(standing);
  const declared = (way.topology[list] ?? []) as readonly Declared[];
  const order = list === 'processes' ? parentsFirst(way.topology.processes!, missing) : missing;
  return first(order, (at) => {
    const item = declared[at]!;
    way.changes.push({ op: 'create', kind: list, name: nameOf(list, item) });
    const pointer = `/${list}/${String(at)}`;
    const command = creationOf(way.tx.host, names, list, item);
    return isRefusal(command)
      ? pointed(command, `${pointer}${command.pointer!}`)
      : step(way, command, pointer);
  });
}

/** The places of processes, each behind that of its parent. */
function parentsFirst(declared: readonly Declared<'processes'>[], missing: readonly number[]): number[] {
  const places = new Map(missing.map((at) => [declared[at]!.pid, at]));
  const order = new Set<number>();
  for (const at of missing) {
    const line: number[] = [];
    for (let next: number | undefined = at; next !== undefined && !line.includes(next); ) {
      line.unshift(next);
      const { parent_pid }: Declared<'processes'> = declared[next]!;
      next = parent_pid === undefined ? undefined : places.get(parent_pid);
    }
    for (const each of line) order.add(each);
  }
  return [...order];
}

const PATCHED: ReadonlySet<string> = new Set([
  'tenant',
  'labels',
  'media_serial',
  'clears_poison',
  'holders',
]);

/** What is left of an element that stands is changed by the verbs that there are for it. */
function change(way: Way, list: TopologyList, { at, standing, fields }: Differing): Refusal | null {
  const pointer = `/${list}/${String(at)}`;
  const isBind = list === 'dax_devices' && fields['state'] === 'bound';
  const isChangeable = (field: string): boolean =>
    (list === 'dax_devices' && (PATCHED.has(field) || (isBind && field === 'state'))) ||
    (list === 'mounts' && field === 'read_only');
  const fixed = Object.keys(fields).find((field) => !isChangeable(field));
  if (fixed !== undefined)
    return unattainable(`${pointer}/${fixed}`, `no verb changes it: it is what it was made as`);
  way.changes.push({ op: 'change', kind: list, name: nameOf(list, standing.item), fields });
  // Read-only is what comes last.
  if (list === 'mounts')
    return fields['read_only'] === true ? null : remounted(way, standing.id, pointer, 'rw');
  const { state, ...patched } = fields;
  const dax_device = standing.id;
  const isPatched = Object.keys(patched).length > 0;
  const refusal = isPatched ? step(way, { type: 'patch_dax_device', dax_device, ...patched }, pointer) : null;
  return refusal ?? (isBind ? step(way, { type: 'bind', dax_device }, pointer) : null);
}

/** Mounts that are declared read-only are so once all is made. */
function turnReadOnly(way: Way): Refusal | null {
  const { differing } = differenceOf('mounts', way.topology, standingOf(way.tx.host));
  return first(differing, ({ at, standing, fields }) =>
    fields['read_only'] === true ? remounted(way, standing.id, `/mounts/${String(at)}`, 'ro') : null,
  );
}

function remounted(way: Way, mount: string, pointer: string, options: 'ro' | 'rw'): Refusal | null {
  return step(way, { type: 'remount', mount, options }, `${pointer}/read_only`);
}

/** What was done and yet stands otherwise than declared: a second PUT would find it so again. */
function refusesRest(way: Way, list: TopologyList): Refusal | null {
  const standing = standingOf(way.tx.host);
  const { missing, differing } = differenceOf(list, way.topology, standing);
  const [lacking] = missing;
  if (lacking !== undefined)
    return unattainable(`/${list}/${String(lacking)}`, 'what was made does not stand as declared');
  const [other] = differing;
  if (other !== undefined)
    return unattainable(
      `/${list}/${String(other.at)}/${Object.keys(other.fields)[0]!}`,
      'what was made does not stand as declared',
    );
  return null;
}

/** Does one step; one that ends in another way than it should is none. */
function step(way: Way, command: Command, pointer: string, isEnd = false): Refusal | null {
  const done = asIfAlone(way.tx, (own) => way.carryOut(own, command));
  if (isRefusal(done)) return pointed(done, isEnd ? pointer : `${pointer}${done.pointer ?? ''}`);
  const { result } = { ...(done.answer as { readonly result?: string } | null) };
  if (result === undefined || result === 'ok') return null;
  return unattainable(pointer, `${command.type} ends otherwise: ${result}`);
}

/** The refusal of a member; one that names what is not there is at odds with the rest of the document. */
function pointed(refusal: Refusal, pointer: string): Refusal {
  const isNotFound = REFUSAL_CODES[refusal.code] === 'not_found';
  return { ...refusal, ...(isNotFound ? { code: 'invalid_field' as const } : {}), pointer };
}

function unattainable(pointer: string, detail: string): Refusal {
  return refuse('not_attainable', detail, { pointer });
}
