import { MEMORY_FAILURE_SERIES, MEMORY_FAILURE_V512 } from './memory_failure.ts';
import type { KernelName } from '../model/vocabulary.ts';
import { columnOf } from './column.ts';
import { STALE, STALE_STORE } from './stale.ts';
import { COST_ARMED, COST_LETTER } from './cost.ts';
import { cxlSteps } from './cxl_steps.ts';
import { FACTS_V510, FACTS_V61, FACTS_V612, FACTS_V73, FACTS_POSTED } from './facts.ts';
import type { StepParameters } from '../model/removal.ts';
import type { Facts, Profile, StepSpec } from './profile.ts';

/** The proposed parameters of the letter, off by default (FU9, FU11). */
const PROPOSED: Profile['proposed'] = [
  {
    parameter: 'devdax_memory_failure',
    default: false,
    about: 'device-dax gets the mass memory_failure() of a mounted fsdax device too (FU9)',
  },
  {
    parameter: 'kmem_memory_failure',
    default: false,
    about: 'memory_failure() of online system RAM first, so that remove_memory() succeeds (FU11)',
  },
];

/** The kernels as data: one row each. Adding a kernel is adding a row and its recordings. */
export const PROFILES: Readonly<Record<KernelName, Profile>> = {
  'v5.10': row(
    'v5.10',
    'Linux 5.10, before the series: nothing is unmapped, every page reference is waited for.',
    '5.10.223',
    {
      released: true,
      facts: FACTS_V510,
      waits_for: 'page_refs',
    },
  ),
  'force-unmap': row(
    'force-unmap',
    'The series of March 2021 as its cover letter describes it: remove while mounted runs memory_failure() over the whole device.',
    'SPEC.md FU1-FU12, else as v5.10',
    {
      released: false,
      facts: { ...FACTS_V510, cost: COST_LETTER, memory_failure: MEMORY_FAILURE_SERIES },
      waits_for: 'page_refs',
      mass_failure: {
        collect: 'every_leader_with_entry',
        unmap: 'always_extent',
        set_hwpoison: 'every_page_with_mapping',
      },
      proposed: PROPOSED,
    },
  ),
  'force-unmap-v5.10': row(
    'force-unmap-v5.10',
    'The three patches as posted, on 5.10.223 as it is.',
    '5.10.223 + series',
    {
      released: false,
      facts: FACTS_POSTED,
      waits_for: 'page_refs',
      mass_failure: {
        collect: 'current_only',
        unmap: 'if_collected',
        set_hwpoison: 'every_page_with_mapping',
      },
      kill_dax_after_del_gendisk: true,
    },
  ),
  'force-unmap-v5.12': row(
    'force-unmap-v5.12',
    'The patches as posted, with the process selection of their own base, v5.12-rc, on 5.10.223.',
    '5.10.223 + series + task_early_kill() of v5.12-rc',
    {
      released: false,
      facts: { ...FACTS_POSTED, cost: COST_ARMED, memory_failure: MEMORY_FAILURE_V512 },
      waits_for: 'page_refs',
      mass_failure: {
        collect: 'early_kill_or_current',
        unmap: 'if_collected',
        set_hwpoison: 'every_page_with_mapping',
      },
      kill_dax_after_del_gendisk: true,
    },
  ),
  'v6.1': row(
    'v6.1',
    'Linux 6.1: xfs with rmapbt is told of the removal and unmaps where somebody was collected.',
    '6.1.192',
    {
      released: true,
      facts: FACTS_V61,
      waits_for: 'nothing',
      notify_failure: {
        mf_flags: '0',
        collect: 'early_kill_or_current',
        unmap: 'if_collected',
        freeze: false,
        cowed_page_counts_as_entry: false,
        set_hwpoison: 'first_page_of_entry',
        shutdown: 'corrupt_ondisk 0x10',
        page_count_outside_last_ag: 'exact',
      },
    },
  ),
  'v6.12': row(
    'v6.12',
    'Linux 6.12: MF_MEM_PRE_REMOVE; xfs with rmapbt unmaps everything, every file system is shut down.',
    '6.12.95, recorded 6.12.117',
    {
      released: true,
      facts: FACTS_V612,
      waits_for: 'nothing',
      shuts_fs_down: true,
      notify_failure: {
        mf_flags: 'MF_MEM_PRE_REMOVE',
        collect: 'every_leader_with_entry',
        unmap: 'always_extent',
        freeze: true,
        cowed_page_counts_as_entry: false,
        set_hwpoison: 'no',
        shutdown: 'force_umount 0x4',
        page_count_outside_last_ag: 'exact',
      },
    },
  ),
  'v7.3': row(
    'v7.3',
    'Linux 7.3: as 6.12, but a stale entry is an ordinary one, so zapping it oopses; xfs with rmapbt and more than one AG never ends.',
    '7.3.4',
    {
      released: true,
      facts: FACTS_V73,
      waits_for: 'nothing',
      shuts_fs_down: true,
      notify_failure: {
        mf_flags: 'MF_MEM_PRE_REMOVE',
        collect: 'every_leader_with_entry',
        unmap: 'always_extent',
        freeze: true,
        cowed_page_counts_as_entry: true,
        set_hwpoison: 'no',
        shutdown: 'force_umount 0x4',
        page_count_outside_last_ag: 'wraps_2_32',
      },
    },
  ),
};

interface RowParameters {
  readonly released: boolean;
  readonly facts: Omit<Facts, 'stale' | 'stale_store'>;
  readonly waits_for: 'page_refs' | 'nothing';
  readonly notify_failure?: StepParameters;
  readonly mass_failure?: StepParameters;
  readonly kill_dax_after_del_gendisk?: boolean;
  readonly shuts_fs_down?: boolean;
  readonly proposed?: Profile['proposed'];
}

function row(name: KernelName, about: string, baseline: string, parameters: RowParameters): Profile {
  return {
    name,
    about,
    baseline,
    released: parameters.released,
    proposed: parameters.proposed ?? [],
    steps: {
      fsdax: fsdaxSteps(name, parameters),
      devdax: devdaxSteps(name, parameters),
      devdax_parent: [
        ...devdaxSteps(name, parameters),
        step(name, 'unregister_dev_dax', 'unregister_dev_dax()', 'drivers/dax/bus.c unregister_dev_dax()'),
      ],
      raw: [
        step(name, 'nd_pmem_remove', 'nd_pmem_remove()', 'drivers/nvdimm/pmem.c nd_pmem_remove()'),
        step(name, 'kill_dax', 'kill_dax()', 'drivers/dax/super.c kill_dax()'),
        delGendisk(name, parameters),
        step(
          name,
          'release_mem_region',
          'devm_release_mem_region()',
          'kernel/resource.c devm_region_release()',
        ),
      ],
      system_ram: systemRamSteps(name, parameters),
      system_ram_parent: [
        ...systemRamSteps(name, parameters),
        step(name, 'unregister_dev_dax', 'unregister_dev_dax()', 'drivers/dax/bus.c unregister_dev_dax()'),
      ],
      ...cxlSteps(name, parameters.facts.cxl),
    },
    facts: {
      ...parameters.facts,
      stale: columnOf(STALE, name),
      stale_store: columnOf(STALE_STORE, name),
    },
  };
}

function step(
  kernel: KernelName,
  name: StepSpec['name'],
  kernel_function: string,
  source: string,
  parameters: StepParameters = {},
): StepSpec {
  return { name, kernel_function, source: `${source}, ${kernel}`, parameters };
}

function delGendisk(name: KernelName, parameters: RowParameters): StepSpec {
  const shuts_fs_down = parameters.shuts_fs_down ?? false;
  return step(name, 'del_gendisk', 'del_gendisk()', 'block/genhd.c del_gendisk()', {
    sync_write_protects: true,
    shuts_fs_down,
  });
}

/** B1: fsdax (`nd_pmem` on pfnX.Y, or on a bare namespace with struct pages). */
function fsdaxSteps(name: KernelName, parameters: RowParameters): StepSpec[] {
  const steps = [step(name, 'nd_pmem_remove', 'nd_pmem_remove()', 'drivers/nvdimm/pmem.c nd_pmem_remove()')];
  if (parameters.notify_failure !== undefined) {
    const source =
      'drivers/dax/super.c dax_holder_notify_failure(), fs/xfs/xfs_notify_failure.c xfs_dax_notify_failure()';
    steps.push(
      step(
        name,
        'dax_holder_notify_failure',
        'dax_holder_notify_failure()',
        source,
        parameters.notify_failure,
      ),
    );
  }
  const killDax = step(name, 'kill_dax', 'kill_dax()', 'drivers/dax/super.c kill_dax()');
  if (parameters.kill_dax_after_del_gendisk === true) steps.push(delGendisk(name, parameters), killDax);
  else steps.push(killDax, delGendisk(name, parameters));
  if (parameters.mass_failure !== undefined) {
    const source = 'mm/memremap.c dev_pagemap_failure(), mm/memory-failure.c memory_failure_dev_pagemap()';
    const mass: StepParameters = {
      runs_if: 'mounted',
      mf_flags: 'MF_MEM_REMOVE',
      ...parameters.mass_failure,
    };
    steps.push(step(name, 'dev_pagemap_failure', 'dev_pagemap_failure()', source, mass));
  }
  return [...steps, ...teardown(name, parameters, 'blk_mq_freeze_queue_wait')];
}

/** B2: devdax child (`device_dax`). */
function devdaxSteps(name: KernelName, parameters: RowParameters): StepSpec[] {
  return [
    step(name, 'kill_dax', 'kill_dev_dax()', 'drivers/dax/bus.c kill_dev_dax()'),
    step(name, 'unmap_mapping_range', 'unmap_mapping_range()', 'drivers/dax/bus.c kill_dev_dax()'),
    step(name, 'cdev_del', 'cdev_del()', 'drivers/dax/device.c dev_dax_cdev_del()'),
    ...teardown(name, parameters, 'memunmap_pages'),
  ];
}

/** KM3: `kmem` of a dax device; the proposed step of the letter first, where it is turned on (FU11). */
function systemRamSteps(name: KernelName, { proposed }: RowParameters): StepSpec[] {
  const proposedStep = step(name, 'kmem_memory_failure', 'memory_failure()', 'the cover letter of 2021', {
    runs_if: 'proposed',
  });
  return [
    ...(proposed === undefined ? [] : [proposedStep]),
    step(name, 'remove_memory', 'remove_memory()', 'drivers/dax/kmem.c dev_dax_kmem_remove()', {
      wait_in: 'remove_memory',
    }),
    step(name, 'release_mem_region', 'release_mem_region()', 'drivers/dax/kmem.c dev_dax_kmem_remove()'),
  ];
}

function teardown(
  name: KernelName,
  parameters: RowParameters,
  wait_in: 'blk_mq_freeze_queue_wait' | 'memunmap_pages',
): StepSpec[] {
  const drain: StepParameters =
    parameters.waits_for === 'page_refs' ? { waits_for: 'page_refs', wait_in } : { waits_for: 'nothing' };
  return [
    step(name, 'pgmap_drain', 'memunmap_pages()', 'mm/memremap.c memunmap_pages()', drain),
    step(name, 'arch_remove_memory', 'arch_remove_memory()', 'mm/memremap.c pageunmap_range()'),
    step(name, 'release_mem_region', 'devm_release_mem_region()', 'kernel/resource.c devm_region_release()'),
  ];
}
