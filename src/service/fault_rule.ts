/** Which requests a rule meets: those that are all of this. */
export interface FaultSelector {
  /** The operationId in the OpenAPI document. */
  readonly operation?: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Of the segments `*` is any one, and `**` at the end are all others. */
  readonly path?: string;
  readonly host?: string;
  readonly dax_device?: string;
}

/** When it happens: before anything is done, or when that is stored and would be answered. */
export const FAULT_TIMES = ['before_effect', 'after_effect'] as const;
type FaultTime = (typeof FAULT_TIMES)[number];

/** Problems that a rule may answer with: those that no state of a host is needed for. */
export const FAULT_CODES = [
  'unavailable',
  'store_busy',
  'store_full',
  'rate_limited',
  'internal_error',
] as const;

/** What happens to a request that is met. */
export type FaultAction =
  | { readonly kind: 'problem'; readonly code: (typeof FAULT_CODES)[number]; readonly retry_after_s?: number }
  | { readonly kind: 'delay'; readonly delay_ms: number; readonly at: FaultTime }
  | { readonly kind: 'close'; readonly at: FaultTime }
  | { readonly kind: 'cut'; readonly after_bytes: number };

/** What whoever makes a rule says of it. */
export interface FaultRuleFields {
  readonly description: string | null;
  readonly selector: FaultSelector;
  readonly action: FaultAction;
  /** How often it still applies; null: for ever. */
  readonly remaining: number | null;
  readonly probability: number;
  readonly seed: number;
}

/** A rule as the API shows it. */
export interface FaultRule extends FaultRuleFields {
  readonly id: string;
  readonly uid: string;
  readonly revision: number;
  /** Requests that it has met, and those of them that it was applied to. */
  readonly matched: number;
  readonly applied: number;
  readonly created_at: string;
}

export const CLOCK_MODES = ['real', 'manual'] as const;

/** The clock of a host, by which delays go that a rule with that host makes. */
export interface HostClock {
  readonly host: string;
  readonly uid: string;
  readonly revision: number;
  readonly mode: (typeof CLOCK_MODES)[number];
  /** By how much it was advanced since it is manual. */
  readonly advanced_ms: number;
}

/** The same, for those who wait by it. */
export interface ReadClock extends HostClock {
  /** By how much it was advanced while it was stopped last, also behind that. */
  readonly stopped_advanced_ms: number;
  /** The revision at which it was stopped last: another one is another stop. */
  readonly stopped_revision: number;
}

/** The state that If-Match names: a clock has the uid of its host, but is not its record. */
export function clockState({ uid, revision }: Pick<HostClock, 'uid' | 'revision'>): {
  readonly uid: string;
  readonly revision: number;
} {
  return { uid: `clock-${uid}`, revision };
}
