import { PROFILES } from '../../engine/kernels/profiles.ts';

const released = Object.values(PROFILES).filter((profile) => profile.released);

/** The kernel that examples name: the last but one that was released. */
export const EXAMPLE_KERNEL = released.at(-2)!.name;

/** The kernel that it is compared with: the last one. */
export const NEWER_KERNEL = released.at(-1)!.name;
