/** Drivers of a dax device. */
export const DAX_DRIVERS = ['device_dax', 'kmem'] as const;

/** A driver of a dax device. */
export type DaxDriver = (typeof DAX_DRIVERS)[number];
