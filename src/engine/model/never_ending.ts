/**
 * What all tasks of a kernel share and a task that died may never give back: grace periods of RCU, those of `dax_srcu`,
 * `cdev_lock`, and the one lock of memory hotplug; and s_umount of a superblock, for sync(2) comes to all of them.
 */
export const NEVER_ENDING = ['rcu', 'dax_srcu', 'cdev_lock', 'device_hotplug_lock', 's_umount'] as const;

/** Something for which whoever waits waits until a reboot. */
export type NeverEnding = (typeof NEVER_ENDING)[number];

/** What a kernel that went wrong keeps until a reboot. */
export interface LeftUntilReboot {
  /** What never ends until a reboot, in the order of NEVER_ENDING: who waits for it never returns. */
  readonly stuck: readonly NeverEnding[];
  /** Whether it has warned of a refcount_t that fell below zero, which it does once (S19). */
  readonly underflow_warned: boolean;
}
