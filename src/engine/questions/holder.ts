import type { Outcome } from '../model/outcome.ts';
import type { AccessResult } from '../model/vocabulary.ts';

/** Who holds a device, and what an unbind now would do to it. */
export interface Holder {
  readonly kind: 'mount' | 'file' | 'process' | 'mapping' | 'pin' | 'memory_block';
  readonly id: string;
  readonly pid: number | null;
  /**
   * `blocks`: the removal waits for it. `forced`: taken away from its user. `killed`: the process ends.
   * `survives`: it is still there afterwards, and reaches the device or its pfns. Where the device is not bound,
   * of the removal that there was. Null: neither a recording nor a source tells.
   */
  readonly consequence: 'blocks' | 'forced' | 'killed' | 'survives' | null;
  readonly detail: string;
  /** Whether it reaches the device now although that is not bound, or was bound again since (RESIDUE1). */
  readonly residue: boolean;
  /** The exposure that it has open. */
  readonly exposure: string | null;
  /** Of residue: how it can be ended now, and what the kernel does then. */
  readonly ends: readonly HolderEnd[];
}

export interface HolderEnd {
  readonly by: 'munmap' | 'unpin' | 'exit' | 'SIGKILL';
  /** Null where it cannot be done, or nothing tells what it does. */
  readonly result: AccessResult | null;
  readonly kernel_oopses: Outcome['kernel_oopses'];
  readonly detail: string;
}
