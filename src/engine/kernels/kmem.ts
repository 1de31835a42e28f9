/** How kernels differ in system-ram: KM1-KM24, M61-M94. */
export interface KmemFacts {
  /** A probe that finds no whole memory block (M63). */
  readonly no_block_left: 'binds_empty' | 'EINVAL';
  /** The probe says how much of the range lies outside whole blocks (M61). */
  readonly says_truncation: boolean;
  /** FOLL_LONGTERM migrates pages out of ZONE_MOVABLE first (M76). */
  readonly longterm_pin_leaves_movable: boolean;
  /** A policy of a node that loses its memory reads another node (M75). */
  readonly policy_follows_memory: boolean;
  /** `daxctl list` of a device waits behind its unbind (M160). */
  readonly list_blocks_behind_unbind: boolean;
  /** sysfs `bind` of a device whose driver is on its way out (M159). */
  readonly bind_behind_unbind: 'ENODEV' | 'waits';
  readonly leak_message: 'cannot be hotremoved until the next reboot' | 'stuck online until reboot';
  /** `daxX.Y/state` (M84, M85). */
  readonly state_attr: boolean;
  /** Onlining a block that holds a poisoned page (M82). */
  readonly online_poisoned_block: 'allowed' | 'EHWPOISON';
  /** Who binds soft-reserved memory and CXL ram where nobody chose (M92). */
  readonly default_driver_hmem: 'device_dax' | 'kmem';
  readonly probe_failed_text: 'DRV: probe of DEV failed' | 'DRV DEV: probe with driver DRV failed';
}

export const KMEM_V510: KmemFacts = {
  no_block_left: 'binds_empty',
  says_truncation: false,
  longterm_pin_leaves_movable: false,
  policy_follows_memory: false,
  list_blocks_behind_unbind: true,
  bind_behind_unbind: 'ENODEV',
  leak_message: 'cannot be hotremoved until the next reboot',
  state_attr: false,
  online_poisoned_block: 'allowed',
  default_driver_hmem: 'device_dax',
  probe_failed_text: 'DRV: probe of DEV failed',
};

export const KMEM_V61: KmemFacts = {
  ...KMEM_V510,
  no_block_left: 'EINVAL',
  longterm_pin_leaves_movable: true,
  policy_follows_memory: true,
  bind_behind_unbind: 'waits',
};

export const KMEM_V612: KmemFacts = {
  ...KMEM_V61,
  list_blocks_behind_unbind: false,
  online_poisoned_block: 'EHWPOISON',
  default_driver_hmem: 'kmem',
  probe_failed_text: 'DRV DEV: probe with driver DRV failed',
};

export const KMEM_V73: KmemFacts = {
  ...KMEM_V612,
  says_truncation: true,
  leak_message: 'stuck online until reboot',
  state_attr: true,
};
