/** A new medium in the place of the old: what was on it is not there, so nothing is bound by itself. */
export const MEDIUM_REPLACED = {
  type: 'medium_replaced',
  detail: 'the medium was replaced, and has no namespace of the old one: bind makes a new one',
} as const;
/** What ndctl leaves behind: sysfs `bind` of the name answers ENODEV until the namespace is enabled again. */
export const NAMESPACE_DISABLED = { type: 'namespace_disabled', detail: 'disabled by ndctl' } as const;
/** Beside it where ndctl took the namespace away: a seed is left, which is no device (M128). */
export const NAMESPACE_DESTROYED = { type: 'namespace_destroyed', detail: 'destroyed by ndctl' } as const;
/** What ndctl did, which a namespace that is there again was spared. */
export const BY_NDCTL: ReadonlySet<string> = new Set([NAMESPACE_DISABLED.type, NAMESPACE_DESTROYED.type]);
/** What a seed is waiting for, which no driver takes. Source: drivers/nvdimm/claim.c nvdimm_namespace_common_probe(). */
export const SEED_LEFT =
  'ndctl destroyed the namespace, and a seed of no size is left: a bind without a driver makes another';
/** What a device without its medium waits for. */
export const MEDIUM_GONE = 'the medium is gone: the hotplug events add and replace bring one back';
/** A range that a removal left as System RAM: no driver gets it (M66, M69, M70, M73). */
export const RANGE_LEAKED = 'its range has leaked: POST …/reboot frees it';
/** device_dax is bound, and nobody can open the node any more; its detail says what gives the cdev a reference (CDEV4). */
export const CDEV_RELEASED = { type: 'cdev_released' } as const;
/** A close will take the reference of device_dax: a bind has not counted who had the node open; its detail says which (CDEV5). */
export const CDEV_MISCOUNTED = { type: 'cdev_miscounted' } as const;
/** A superblock on it is never torn down: it stays until a reboot, over unbind and bind (S2, S10, S32, S38). */
export const SUPERBLOCK_STAYS = { type: 'superblock_stays' } as const;
/** A bind that never returns holds the lock of the device; its detail says where it waits. */
export const BIND_BLOCKED = { type: 'bind_blocked' } as const;
