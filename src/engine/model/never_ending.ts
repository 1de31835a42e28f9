/**
 * What all tasks of a kernel share and a task that died may never give back: grace periods of RCU, those of `dax_srcu`,
 * `cdev_lock`, and the one lock of memory hotplug.
 */
export const NEVER_ENDING = ['rcu', 'dax_srcu', 'cdev_lock', 'device_hotplug_lock'] as const;

/** Something for which whoever waits waits until a reboot. */
export type NeverEnding = (typeof NEVER_ENDING)[number];
