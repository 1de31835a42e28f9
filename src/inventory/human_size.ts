import { toCount } from './number.ts';
import type { ListedValue } from './record.ts';

/**
 * The bytes that a `-u` size may stand for: `low` ≤ bytes < `high`.
 */
export interface HumanSize {
  readonly low: bigint;
  readonly high: bigint;
}

const UNIT_BYTES = {
  MiB: 2n ** 20n,
  GiB: 2n ** 30n,
  TiB: 2n ** 40n,
  MB: 10n ** 6n,
  GB: 10n ** 9n,
  TB: 10n ** 12n,
} as const;
type Unit = keyof typeof UNIT_BYTES;

const HUMAN_SIZE = /^(\d{1,8})\.(\d\d) (MiB|GiB|TiB) \((\d{1,8})\.(\d\d) (MB|GB|TB)\)$/;

/**
 * The interval of a size as -u prints it, `"1006.00 MiB (1054.87 MB)"`; null for any other string.
 *
 * Both figures are rounded half up to hundredths, so the intervals meet: about 10 kB wide below 2 GB, 10 GB above 2 TB.
 * Source: ndctl util/json.c display_size(), v76.1 [M119].
 */
export function parseHumanSize(text: string): HumanSize | null {
  const match = HUMAN_SIZE.exec(text);
  if (match === null) return null;
  const binary = intervalOf(`${match[1]!}${match[2]!}`, match[3] as Unit);
  const decimal = intervalOf(`${match[4]!}${match[5]!}`, match[6] as Unit);
  const low = binary.low > decimal.low ? binary.low : decimal.low;
  const high = binary.high < decimal.high ? binary.high : decimal.high;
  return low < high ? { low, high } : null;
}

/** Whether a number of bytes could have been printed as this size. */
export function covers(human: HumanSize, bytes: number): boolean {
  return BigInt(bytes) >= human.low && BigInt(bytes) < human.high;
}

/**
 * The roundest number of bytes in the interval: sizes are multiples of an alignment. Below 2 GiB it is the only multiple
 * of 16 KiB, so exact for an aligned device.
 */
export function estimate({ low, high }: HumanSize): number {
  let step = 2n ** BigInt(high.toString(2).length);
  while (((low + step - 1n) / step) * step >= high) step /= 2n;
  return Number(((low + step - 1n) / step) * step);
}

/** The bytes of a listed size: exact where it is a number, else the estimate of a rounded one; null for anything else. */
export function sizeIn(value: ListedValue | undefined): number | null {
  const human = typeof value === 'string' ? parseHumanSize(value) : null;
  return human === null ? toCount(value) : estimate(human);
}

/** The power of two inside the interval: alignments are powers of two, so this one is exact. */
export function powerOfTwo(human: HumanSize): bigint | null {
  const power = 2n ** BigInt(human.high.toString(2).length - 1);
  return [power, power / 2n].find((bytes) => bytes >= human.low && bytes < human.high) ?? null;
}

/** hundredths = floor((floor(200 · bytes / unit) + 1) / 2), solved for bytes. */
function intervalOf(hundredths: string, unit: Unit): HumanSize {
  const double = 2n * BigInt(hundredths);
  const bytes = (n: bigint): bigint => (n * UNIT_BYTES[unit] + 199n) / 200n;
  return { low: double === 0n ? 0n : bytes(double - 1n), high: bytes(double + 1n) };
}
