/** Bytes of a number at most: eight times 7 bits hold all that a double counts by ones. */
export const NUMBER_BYTES_MAX = 8;

/** Writes a whole number in 7 bits a byte, of which the last is below 128; returns where the next one begins. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[to++] = (rest % 128) + 128;
  bytes[to++] = rest;
  return to;
}

/** Reads what putNumber() wrote at `from`, which then says where the next one begins; most are of one byte. */
export function takeNumber(bytes: Uint8Array, from: { at: number }): number {
  const first = bytes[from.at++]!;
  if (first < 128) return first;
  let [value, unit] = [first - 128, 128];
  for (;;) {
    const byte = bytes[from.at++]!;
    if (byte < 128) return value + byte * unit;
    value += (byte - 128) * unit;
    unit *= 128;
  }
}
