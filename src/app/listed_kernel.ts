import type { ToldKernel } from '../engine/model/host_command.ts';
import { KERNEL_PROBE_MAX, KERNEL_RELEASE_MAX } from '../engine/model/kernel_probes.ts';
import type { ListingImport } from '../inventory/import_listing.ts';
import { isObject } from '../inventory/lossless.ts';
import type { ListedValue } from '../inventory/record.ts';
import { pointerTo } from '../inventory/refusal.ts';
import type { Skipped } from '../inventory/skip.ts';

/** What a text tells of the kernel of its host, or null, and what of that cannot be read. */
interface ListedKernel {
  readonly told: ToldKernel | null;
  readonly skipped: readonly Skipped[];
}

type Kind = keyof NonNullable<ToldKernel['kernel_probes']>;
const KINDS = ['symbols', 'btf', 'sysfs'] as const satisfies Kind[];

/** Reads `kernel_release` and `kernel_probes` of a text as PATCH of a host has them; what it cannot take is skipped. */
export function listedKernel({ kernel_release: listed, kernel_probes: probes }: ListingImport): ListedKernel {
  const skipped: Skipped[] = [];
  const skip = (pointer: string, detail: string): void => {
    skipped.push({ kind: 'host', name: 'kernel', reason: 'invalid value', detail, document: null, pointer });
  };
  const release = typeof listed === 'string' ? listed.trim() : listed;
  const isRelease = isText(release, KERNEL_RELEASE_MAX) && release !== '';
  if (release !== undefined && !isRelease)
    skip('/kernel_release', 'kernel_release must be what uname -r prints');
  if (probes !== undefined && !isObject(probes)) skip('/kernel_probes', 'kernel_probes must be an object');
  const looked = isObject(probes) ? KINDS.filter((kind) => probes[kind] !== undefined) : [];
  const read = looked.map((kind) => [kind, readProbes(kind, (probes as Probes)[kind]!, skip)] as const);
  const told = {
    ...(isRelease ? { kernel_release: release } : {}),
    ...(read.length > 0 ? { kernel_probes: Object.fromEntries(read) } : {}),
  };
  return { told: Object.keys(told).length > 0 ? told : null, skipped };
}

type Probes = Readonly<Record<string, ListedValue>>;

function readProbes(
  kind: Kind,
  listed: ListedValue,
  skip: (pointer: string, detail: string) => void,
): Readonly<Record<string, boolean | string>> {
  const pointer = pointerTo('/kernel_probes', kind);
  if (!isObject(listed)) {
    skip(pointer, `${kind} must be an object`);
    return {};
  }
  const isAnswer = (value: unknown): value is boolean | string =>
    typeof value === 'boolean' || (kind !== 'symbols' && isText(value, KERNEL_PROBE_MAX));
  const entries = Object.entries(listed).flatMap(([name, value]) => {
    if (isAnswer(value) && isText(name, KERNEL_PROBE_MAX) && name !== '') return [[name, value] as const];
    skip(pointerTo(pointer, name), 'must be what was found under a name');
    return [];
  });
  return Object.fromEntries(entries);
}

function isText(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length <= length;
}
