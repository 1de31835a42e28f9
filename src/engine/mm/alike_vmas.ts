import type { Mapping } from '../model/host.ts';
import { COLUMNS, isAnon, levelIn, runCount, type Entries } from '../model/mapping_table.ts';

/** What calls of memory_failure() find of a VMA of an address space. */
interface Found {
  readonly entries: Entries;
  /** i_pages of the file: of copied pages those are found behind which it has a real entry; null where none is. */
  readonly behind: Entries | null;
  /** Page index of its first page in the address space. */
  readonly shift: number;
  /** Whether its process is signalled where it has an entry. */
  readonly collected: boolean;
  /** Whether its entries are faulted in again before each call. */
  readonly refaults: boolean;
}

/** The entries of one VMA of an address space, and how calls of memory_failure() find its process. */
export interface Mapped extends Found {
  readonly mapping: Mapping;
}

/** VMAs that have the same entries and are found alike, as those of a file that many map: a sweep looks at them once. */
export interface Alike extends Found {
  /** Which of the VMAs they are, ascending. */
  readonly members: readonly number[];
}

/**
 * VMAs by what they have in common; each is compared with one that looks like it. O(VMAs), and O(runs) of those that may
 * be alike.
 */
export function alikeVmas(mapped: readonly Mapped[]): Alike[] {
  const all: Group[] = [];
  const first = new Map<string, Group>();
  for (const [at, vma] of mapped.entries()) {
    const { entries, behind, shift, collected, refaults } = vma;
    const key = `${String(shift)} ${String(runCount(entries))} ${String(entries[0]?.[0])} ${String(collected)}`;
    const group = first.get(key);
    if (group !== undefined && areAlike(group, vma)) {
      group.members.push(at);
      continue;
    }
    const alone: Group = { entries, behind, shift, collected, refaults, members: [at] };
    all.push(alone);
    first.set(key, alone);
  }
  return all;
}

interface Group extends Alike {
  readonly members: number[];
}

/** Of as many runs from the same page on, whose processes are collected or are not. */
function areAlike(a: Found, b: Found): boolean {
  const areFoundAlike = a.behind === b.behind && a.refaults === b.refaults;
  return areFoundAlike && (a.entries === b.entries || haveSameRuns(a.entries, b.entries));
}

/**
 * Whether two tables of as many runs, in chunks alike, have entries of the same sizes, copies or none, at the same
 * indices.
 */
function haveSameRuns(a: Entries, b: Entries): boolean {
  return a.length === b.length && a.every((rows, at) => areSame(rows, b[at]!));
}

function areSame(a: Float64Array, b: Float64Array): boolean {
  for (let at = 0; at < a.length; at += COLUMNS) {
    if (a[at] !== b[at] || a[at + 1] !== b[at + 1]) return false;
    const [bits, other] = [a[at + 3]!, b[at + 3]!];
    if (levelIn(bits) !== levelIn(other) || isAnon(bits) !== isAnon(other)) return false;
  }
  return true;
}
