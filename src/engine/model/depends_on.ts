import { definedOnly } from './defined_only.ts';
import type { RefusalCode } from './refusal_codes.ts';
import type { HazardKind } from './hazard_kind.ts';
import type { AccessResult, Errno, RemovalState, Verdict } from './vocabulary.ts';

/** A fact that is not known of the host's kernel, and what hangs on it. */
export interface DependsOn {
  /** The change that the kernel has or has not: its commit, or a word for it. */
  readonly change: string;
  /** Its path, as `GET …/kernel` has it. */
  readonly fact: string;
  /** All that changes with it. */
  readonly facts: readonly string[];
  /** What the host may still be asked to settle it; none where no probe that is known tells. */
  readonly probes: readonly string[];
  readonly values: readonly DependsOnValue[];
}

/**
 * What comes of one value, as far as it can be told. `undetermined`: it depends on another fact as well. Members that
 * such an outcome does not have are absent, as are all where there are too many ways to try them.
 */
export interface DependsOnValue {
  readonly value: string;
  readonly state?: RemovalState | null;
  readonly verdict?: Verdict | null;
  readonly hazards?: readonly HazardKind[];
  readonly result?: AccessResult | 'undetermined';
  readonly errno?: Errno | null;
  readonly signal?: string | null;
  readonly kernel_oopses?: readonly string[];
  /** What sets off an oops, or a livelock, at an entry that is left. */
  readonly triggered_by?: readonly string[];
  /** Why nothing would be done at all. */
  readonly refused?: RefusalCode;
  /** JSON pointers to what is another with another value of the fact: the first 10. */
  readonly differs?: readonly string[];
}

/** Beside an answer: absent where nothing in it depends on such a fact. */
export interface Dependent {
  readonly depends_on?: readonly DependsOn[];
}

/** What several depend on, each choice once: what one says of it first. */
export function dependOn(...all: readonly Dependent[]): Dependent {
  const each = all.flatMap(({ depends_on = [] }) => depends_on);
  const seen = new Set<string>();
  const isFirst = ({ change }: DependsOn): boolean => seen.size < seen.add(change).size;
  return each.length === 0 ? {} : { depends_on: each.filter(isFirst) };
}

/** A removal, as far as what its values lead to is told. */
interface Removed extends Dependent {
  readonly state: RemovalState;
  readonly verdict: Verdict | null;
  readonly hazards: readonly { readonly kind: HazardKind }[];
}

/**
 * What a removal depends on once it has gone on: it does only where all values lead to the same, so that each has led to
 * what it is now.
 */
export function retold({ depends_on, state, verdict, hazards }: Removed): Dependent {
  if (depends_on === undefined) return {};
  const now = { state, verdict, hazards: [...new Set(hazards.map(({ kind }) => kind))] };
  const ledTo = ({ value, differs }: DependsOnValue): DependsOnValue => {
    return { value, ...now, ...definedOnly({ differs }) };
  };
  return { depends_on: depends_on.map((each) => ({ ...each, values: each.values.map(ledTo) })) };
}
