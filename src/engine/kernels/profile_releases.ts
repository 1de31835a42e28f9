import { KERNEL_NAMES, type KernelName } from '../model/vocabulary.ts';

/** The release that each profile of a kernel that anyone can boot was recorded on, the oldest first. */
const RECORDED_ON: readonly (readonly [kernel: KernelName, release: string])[] = [
  ['v5.10', '5.10.223'],
  ['v6.1', '6.1.192'],
  ['v6.12', '6.12.117'],
  ['v7.3', '7.3.4'],
];

/** The same with the column of each kernel in the tables. */
export const PROFILE_RELEASES = RECORDED_ON.map(([kernel, release]) => ({
  kernel,
  release,
  column: KERNEL_NAMES.indexOf(kernel),
}));
