/** Bytes of a number at most: eight times 7 bits hold all that a double counts by ones. */
export const NUMBER_BYTES_MAX = 8;

/** Writes a whole number in 7 bits a byte, of which the last is below 128; returns where the next one begins. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value < 128) {
    bytes[at] = value;
    return at + 1;
  }
  let to = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[to++] = (rest % 128) + 128;
  bytes[to++] = rest;
  return to;
}

/** What putNumber() wrote at a place; most are of one byte. */
export function numberAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 128) return first;
  let value = first - 128;
  let unit = 128;
  for (let next = at + 1; ; next += 1) {
    const byte = bytes[next]!;
    if (byte < 128) return value + byte * unit;
    value += (byte - 128) * unit;
    unit *= 128;
  }
}

/** Where the number behind the one at a place begins. */
export function behindNumber(bytes: Uint8Array, at: number): number {
  let last = at;
  while (bytes[last]! >= 128) last += 1;
  return last + 1;
}
