/** Characters of a `kernel_release`. */
export const KERNEL_RELEASE_MAX = 128;

/** Characters of the name of a probe, and of what is read there. */
export const KERNEL_PROBE_MAX = 256;

/**
 * What was looked up on a host about its kernel, by name: whether a symbol, or a member of a type, is there; of sysfs
 * what is read there, or whether it is there.
 */
export interface KernelProbes {
  readonly symbols: Readonly<Record<string, boolean>>;
  readonly btf: Readonly<Record<string, boolean | string>>;
  readonly sysfs: Readonly<Record<string, boolean | string>>;
}
