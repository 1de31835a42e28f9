/** A uid as its row has it: the two halves of a UUID, as SQLite's numbers are, or another text and no first half. */
export type StoredUid = readonly [hi: bigint | null, lo: bigint | string];

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HALF_BYTES = 8;
const HEX = 16;

/** The bytes of a UUID, each time of another one: a number of 64 bits is read there several times faster than from a text. */
const bytes = new DataView(new ArrayBuffer(2 * HALF_BYTES));

/** A uid for its columns. Other than as SQLite writes a UUID, in lower case, it is kept as it is. */
export function storedUid(uid: string): StoredUid {
  if (!UUID.test(uid)) return [null, uid];
  const digits = (from: number, to: number): number => Number.parseInt(uid.slice(from, to), HEX);
  bytes.setUint32(0, digits(0, 8));
  bytes.setUint16(4, digits(9, 13));
  bytes.setUint16(6, digits(14, 18));
  bytes.setUint16(8, digits(19, 23));
  bytes.setUint16(10, digits(24, 28));
  bytes.setUint32(12, digits(28, 36));
  return [bytes.getBigInt64(0), bytes.getBigInt64(HALF_BYTES)];
}

/** The uid of a row, in SQL. */
export function uidText(row: string): string {
  const [hi, lo] = [`${row}.uid_hi`, `${row}.uid_lo`];
  const parts = [
    `(${hi} >> 32) & 0xffffffff`,
    `(${hi} >> 16) & 0xffff`,
    `${hi} & 0xffff`,
    `(${lo} >> 48) & 0xffff`,
    `${lo} & 0xffffffffffff`,
  ];
  return `iif(${hi} IS NULL, ${lo}, format('%08x-%04x-%04x-%04x-%012x', ${parts.join(', ')}))`;
}

/**
 * The condition that a row has a uid, in SQL, for `uidValues()` of it. A UUIDv7 begins with its time in milliseconds, of
 * which there is an index: those of the same one are looked through.
 */
export const IS_UID = 'made_ms IS (? >> 16) AND uid_hi IS ? AND uid_lo = ?';

/** What IS_UID is bound to. */
export function uidValues(uid: string): [bigint | null, bigint | null, bigint | string] {
  const [hi, lo] = storedUid(uid);
  return [hi, hi, lo];
}
