import { isExactNumber } from './lossless.ts';
import type { ListedValue } from './record.ts';

export const U64_MAX = 2n ** 64n - 1n;

/**
 * The unsigned 64-bit integer that a listed value is, or null. Hex strings as -u prints them count: `"0x1"`, `"0"`.
 *
 * A negative number is one whose sign bit is set: tools before v73, or built with json-c before 0.14, print it signed.
 * Source: ndctl util/json.c util_json_object_size(), util_json_new_u64(), v81; commit 691cd24.
 */
export function toU64(value: ListedValue | undefined): bigint | null {
  if (typeof value === 'string') return /^(0x[0-9a-fA-F]{1,16}|0)$/.test(value) ? BigInt(value) : null;
  const text = typeof value === 'number' ? String(value) : isExactNumber(value) ? value.$number : '';
  if (!/^(0|-?[1-9][0-9]{0,19})$/.test(text)) return null;
  const number = BigInt(text);
  if (number < -(2n ** 63n) || number > U64_MAX) return null;
  return BigInt.asUintN(64, number);
}

/** Whether it is a number below 0: one of 64 bits that has been printed signed, or none of its key. */
export function isNegative(value: ListedValue): boolean {
  return typeof value === 'number' ? value < 0 : isExactNumber(value) && value.$number.startsWith('-');
}

/**
 * The serial of a card by the id of its nmem, which is decimal, and signed; null where it is none, as an NFIT id.
 * Source: drivers/cxl/pmem.c id_show(), v6.12; ndctl/lib/libndctl.c populate_cxl_dimm_attributes(), v81.
 */
export function serialOfDimm(id: string | null): bigint | null {
  if (id === null || !/^(0|-?[1-9][0-9]{0,19})$/.test(id)) return null;
  return toU64({ $number: id });
}

/** The non-negative integer of at most 2^53-1 that a listed value is, or null. Never reads a string. */
export function toCount(value: ListedValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** How a record keeps an unsigned integer: a number where that is exact, its text otherwise. */
export function fromU64(number: bigint): ListedValue {
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : { $number: String(number) };
}

/** `0x` lower-case hex, as addresses and serials are shown. */
export function toHex(number: bigint): string {
  return `0x${number.toString(16)}`;
}
