/** Who holds a device, and what an unbind now would do to it. */
export interface Holder {
  readonly kind: 'mount' | 'file' | 'process' | 'mapping' | 'pin' | 'memory_block';
  readonly id: string;
  readonly pid: number | null;
  /**
   * `blocks`: the removal waits for it. `forced`: taken away from its user. `killed`: the process ends.
   * `survives`: it is still there afterwards, and reaches the device or its pfns.
   */
  readonly consequence: 'blocks' | 'forced' | 'killed' | 'survives';
  readonly detail: string;
}
