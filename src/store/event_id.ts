/** Digits of a UUID between its dashes. */
const GROUPS = [8, 4, 4, 4, 12] as const;
const SEQ_BITS = 40n;
const RANDOM_BITS = 34n;

/**
 * The id of an event: a UUIDv7 of its time, milliseconds since 1970, whose other bits are 34 of the store's own random
 * ones and the event's number: no other event of this store has it, and hardly one of another. Source: RFC 9562, 5.7.
 */
export function eventId(store: bigint, seq: number, atMs: number): string {
  const random = BigInt.asUintN(Number(RANDOM_BITS), store);
  const low = (random << SEQ_BITS) | BigInt(seq);
  const [a, b] = [low >> 62n, BigInt.asUintN(62, low)];
  const bits = (BigInt(atMs) << 80n) | (7n << 76n) | (a << 64n) | (2n << 62n) | b;
  return withDashes(bits.toString(16).padStart(32, '0'));
}

/** A UUID of its 32 hexadecimal digits. */
export function withDashes(digits: string): string {
  let at = 0;
  return GROUPS.map((length) => digits.slice(at, (at += length))).join('-');
}
