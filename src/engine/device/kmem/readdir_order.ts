/** Source: include/linux/hash.h hash_64_generic(). */
const GOLDEN_RATIO_64 = 0x61c8864680b583ebn;
const INT_MAX = 0x7fffffffn;

/**
 * Names of one directory of sysfs in the order in which readdir() gives them: by a hash of each.
 *
 * Source: fs/kernfs/dir.c kernfs_name_hash(), kernfs_fop_readdir(), include/linux/stringhash.h; `memoryN` of a machine
 * of 192 blocks, 6.18.
 */
export function inReaddirOrder(names: readonly string[]): readonly string[] {
  const hashed = names.map((name) => ({ name, hash: hashOf(name) }));
  hashed.sort((one, other) => one.hash - other.hash);
  return hashed.map(({ name }) => name);
}

function hashOf(name: string): number {
  let hash = 0n;
  for (const character of name) {
    const byte = BigInt(character.charCodeAt(0));
    hash = BigInt.asUintN(64, (hash + (byte << 4n) + (byte >> 4n)) * 11n);
  }
  const folded = (BigInt.asUintN(64, hash * GOLDEN_RATIO_64) >> 32n) & INT_MAX;
  return Number(folded);
}
