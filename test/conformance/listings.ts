import type { Command } from './recording.ts';
import { hostPath } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';

/** A command of a tool; it may not have come back. */
export type ToolRun = Command & { readonly blocked_after_seconds?: number };

/** Keys of a namespace that follow from what the harness told of the device, and from what the kernel did with it. */
const NAMESPACE_KEYS = ['mode', 'map', 'size', 'align', 'state', 'blockdev'];
const BADBLOCK_KEYS = ['badblock_count', 'badblocks'];
const DEVICE_KEYS = ['chardev', 'size', 'align', 'mode', 'state'];
/** These too where the harness told address and node. */
const PLACED_KEYS = ['target_node', 'online_memblocks', 'total_memblocks', 'movable', 'mappings'];

/** `ndctl list` of a host with one device: its namespace, beside what the service exports. */
export function ndctlStep(name: string, run: ToolRun): Step {
  return listingStep(name, 'ndctl', run, namespaceWords, namespaceWords);
}

/** The sector of a page that was poisoned, from the start of the data: in a recording, and in the service. */
export interface PoisonedPage {
  readonly recorded: number;
  readonly here: (world: World) => Promise<number>;
}

/**
 * `ndctl list -M` of a region that was told before: the badblocks of both, from the page that was poisoned on; where
 * a file lies on the device is the file system's affair.
 */
export function badblocksStep(name: string, run: ToolRun, page: PoisonedPage): Step {
  const words = (listing: unknown, first: number): string => {
    const fromPage = counted(listing, first);
    const [region] = objectsIn(fromPage, 'region').map((object) => picked(object, BADBLOCK_KEYS));
    return `${namespaceWords(fromPage)} in ${JSON.stringify(region ?? null)}`;
  };
  const recorded = (listing: unknown): string => words(listing, page.recorded);
  const actual = async (listing: unknown, world: World): Promise<string> =>
    words(listing, await page.here(world));
  return listingStep(name, 'ndctl', run, recorded, actual);
}

/** `daxctl list`: the dax device, beside what the service exports. */
export function daxctlStep(name: string, run: ToolRun, { placed }: { readonly placed: boolean }): Step {
  const keys = placed ? [...DEVICE_KEYS, ...PLACED_KEYS] : DEVICE_KEYS;
  const words = (listing: unknown): string => {
    const devices = objectsIn(listing, 'dax').map((object) => picked(object, keys));
    return devices.length === 0 ? 'not listed' : JSON.stringify(devices);
  };
  return listingStep(name, 'daxctl', run, words, words);
}

function listingStep(
  name: string,
  format: 'ndctl' | 'daxctl',
  { rc = 0, stdout, blocked_after_seconds }: ToolRun,
  recorded: (listing: unknown) => string,
  exported: (listing: unknown, world: World) => string | Promise<string>,
): Step {
  const printed: unknown = JSON.parse(stdout === undefined || stdout.trim() === '' ? '[]' : stdout);
  const failed = blocked_after_seconds === undefined ? `rc ${rc}` : 'blocked';
  const expected = rc === 0 ? recorded(printed) : failed;
  const actual = ({ status, body, headers }: Reply, world: World): string | Promise<string> => {
    if (headers['listing-blocked-by'] !== undefined) return 'blocked';
    return status === 200 ? exported(body, world) : `${String(status)} ${String(body['code'])}`;
  };
  return {
    label: name,
    request: (world) => world.call('GET', hostPath(world, `/inventory?format=${format}`)),
    checks: [{ name, class: 'core', expected, actual }],
  };
}

/** The namespace that is no seed, with the name of its dax device wherever that stands, and its badblocks. */
function namespaceWords(listing: unknown): string {
  const namespace = objectsIn(listing, 'namespace').find(({ size }) => size !== 0);
  if (namespace === undefined) return 'not listed';
  const [inside] = objectsIn(namespace['daxregion'] ?? [], 'dax');
  const chardev = namespace['chardev'] ?? inside?.['chardev'];
  return JSON.stringify({
    ...picked(namespace, [...NAMESPACE_KEYS, ...BADBLOCK_KEYS]),
    ...(chardev === undefined ? {} : { chardev }),
  });
}

/** The objects of a kind, told by what they are named, wherever they stand in a listing. */
function objectsIn(listing: unknown, kind: 'region' | 'namespace' | 'dax'): Body[] {
  if (Array.isArray(listing)) return listing.flatMap((member) => objectsIn(member, kind));
  if (typeof listing !== 'object' || listing === null) return [];
  const object = listing as Body;
  const name = String(kind === 'dax' ? object['chardev'] : object['dev']);
  const inside = Object.entries(object).filter(([key]) => CHILDREN.includes(key));
  const found = name.startsWith(kind) ? [object] : [];
  return [...found, ...inside.flatMap(([, child]) => objectsIn(child, kind))];
}

const CHILDREN = ['regions', 'namespaces', 'devices'];

/** A listing whose badblocks count from a sector on. */
function counted(listing: unknown, first: number): unknown {
  return JSON.parse(JSON.stringify(listing), (key, value: unknown) =>
    key === 'badblocks'
      ? (value as { offset: number }[]).map((bad) => ({ ...bad, offset: bad.offset - first }))
      : value,
  ) as unknown;
}

function picked(object: Body, keys: readonly string[]): Body {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]]));
}
