/**
 * The character device of one dev_dax, and the inode of its node, of which devtmpfs has one for the whole host. The inode
 * finds the cdev by itself while it is open or `dangling`, else an open asks cdev_map, where device_dax has added it.
 * Source: fs/char_dev.c chrdev_open(), cdev_purge(); drivers/dax/device.c dev_dax_probe(); S13-S20.
 */
export interface Cdev {
  /** The instance of the device whose dev_dax it is; a node of an earlier one is deleted, and still open. */
  readonly instance: number;
  /**
   * Its references: one of device_dax that is bound, one of each open file description. Whoever gives back one that is not
   * there leaves it `saturated`, until the next bind.
   */
  readonly refs: number | 'saturated';
  /** Open file descriptions of the node. */
  readonly opens: number;
  /** A bind initialised the list of its inodes anew while one was on it: that inode is on it no more, and does not know. */
  readonly dangling: boolean;
}

/** A device as far as its nodes lead. */
export interface HasCdevs {
  /** Of its present dev_dax, where it has one, and of those that are gone whose node is still open. */
  readonly cdevs: readonly Cdev[];
}

/** The cdev of a dev_dax that no driver has had yet. */
export function newCdev(instance: number): Cdev {
  return { instance, refs: 0, opens: 0, dangling: false };
}

/** cdev_init() of a probe: one reference, and an empty list, whoever has the node open. */
export function initialised(cdev: Cdev): Cdev {
  return { ...cdev, refs: 1, dangling: cdev.dangling || cdev.opens > 0 };
}

/** A reference less. Source: fs/char_dev.c cdev_put(), lib/refcount.c refcount_warn_saturate(). */
export function putCdev(cdev: Cdev): Cdev {
  if (cdev.refs === 'saturated') return cdev;
  return { ...cdev, refs: cdev.refs === 0 ? 'saturated' : cdev.refs - 1 };
}

/** The cdev of a node that leads to it: null where the device has no dev_dax, or another one by now. */
export function cdevOf({ cdevs }: HasCdevs, instance: number): Cdev | null {
  return cdevs.find((cdev) => cdev.instance === instance) ?? null;
}

/** The cdevs of a device with one of them changed. */
export function withCdev({ cdevs }: HasCdevs, changed: Cdev): readonly Cdev[] {
  const others = cdevs.filter(({ instance }) => instance !== changed.instance);
  return [...others, changed];
}
