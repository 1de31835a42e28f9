import { WEBHOOKS_MAX } from '../../service/webhook.ts';

/** How many attempts are under way at a time. */
export interface Concurrency {
  /** To one webhook, so that it is not overrun. */
  readonly of_one: number;
  /** To one host, beside the first of each of its webhooks. */
  readonly of_host: number;
  /** To all, beside the first of each webhook. */
  readonly shared: number;
  /** Bytes of events under way to all, beyond which none has more than the first of each webhook. */
  readonly bytes: number;
}

/** As an operator finds it. */
export const CONCURRENCY: Concurrency = { of_one: 8, of_host: 16, shared: 64, bytes: 32 * 2 ** 20 };

/** Whom attempts are made to. */
export interface Occupant {
  /** As the URL has it, with the port. */
  readonly host: string;
  readonly under_way: number;
  /** Of the events that these send. One that many are sent counts for each: TLS has it in memory once for each. */
  readonly bytes: number;
}

/**
 * Whether one more attempt may be made to one of them. The first place of a webhook is its own: no other one can hold it,
 * however many of them hang. All further ones are shared.
 */
export function hasPlace(
  occupant: Occupant,
  all: readonly Occupant[],
  { of_host, shared, bytes: bytesMax }: Concurrency,
): boolean {
  // Attempts to those that are gone are among all of them.
  if (sum(all, ({ under_way }) => under_way) >= WEBHOOKS_MAX + shared) return false;
  if (occupant.under_way === 0) return true;
  if (sum(all, ({ bytes }) => bytes) >= bytesMax) return false;
  const ofHost = all.filter(({ host }) => host === occupant.host);
  return sum(all, sharedBy) < shared && sum(ofHost, sharedBy) < of_host;
}

function sharedBy({ under_way }: Occupant): number {
  return Math.max(0, under_way - 1);
}

function sum(all: readonly Occupant[], countOf: (occupant: Occupant) => number): number {
  return all.reduce((total, occupant) => total + countOf(occupant), 0);
}

/** How many attempts may be under way to a webhook behind one of them: one more with each answer, one where none came. */
export function widthBehind(width: number, isAnswered: boolean, { of_one }: Concurrency): number {
  return Math.min(isAnswered ? width + 1 : 1, of_one);
}
