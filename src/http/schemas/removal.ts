import * as z from 'zod';
import type * as engine from '../../engine/model/removal.ts';
import { CUT_LISTS, type Counts } from '../../engine/model/cut.ts';
import { STEP_NAMES } from '../../engine/model/vocabulary.ts';
import { dependent } from './depends_on.ts';
import { HostKernel } from './host.ts';
import { PinHolder } from './pin.ts';
import { Bytes, Count, Hex, Id, identity, Name, PfnRanges, Pid, shownAs, Timestamp } from './scalar.ts';
import { toldOfHolders } from './told.ts';
import { HazardKind, RemovalState, RemoveTrigger, RemoveVia, Verdict } from './word.ts';

const WaitingOn = z.strictObject({
  kind: z.enum(['pin', 'page_reference', 'mapping']),
  pin: z.string(),
  pid: Pid,
  holder: PinHolder,
  released_by: z.enum(['unpin', 'munmap', 'exit']),
});

export const Waits = z.array(WaitingOn).meta({
  description: 'The first 100; all pins of the device: GET /v1/hosts/{host}/pins?dax_device={device}.',
});

export const Hazard = z
  .strictObject({
    kind: HazardKind,
    detail: z.string(),
    pid: Pid.nullable(),
    mapping: z.string().nullable(),
    pin: z.string().nullable(),
    pfn_ranges: PfnRanges,
    writable: z.boolean(),
    triggered_by: z.array(z.string()),
    source: z.string(),
    ...dependent,
  })
  .meta({
    id: 'Hazard',
    description: 'Something that is dangerous after the removal, and what sets it off.',
  });

/** Beside lists that are cut. */
export const Cut = z.partialRecord(z.enum(CUT_LISTS), Count).meta({
  id: 'Cut',
  description:
    'How many rows there are of each list here that has more than 100, of which the first 100 are shown; absent where all lists are whole.',
}) satisfies z.ZodType<Counts>;

const StepResult = z
  .looseObject({
    wait_in: z.string().exactOptional(),
    hangs_in: z.string().exactOptional(),
    spins_in: z.string().exactOptional(),
    oopses_in: z.string().exactOptional(),
    holder: z.string().nullable().exactOptional(),
    errno: z.string().exactOptional(),
  })
  .meta({
    id: 'RemovalStepResult',
    description:
      'What the step came to. The function in which it waits (`wait_in`), hangs or spins for ever, or has oopsed; of dax_holder_notify_failure the mount that holds the dax_device, and its errno; else what each step has to tell.',
  }) satisfies z.ZodType<engine.StepResult>;

const Step = z
  .strictObject({
    name: z.enum(STEP_NAMES),
    state: z.enum(['pending', 'running', 'waiting', 'done']),
    source: z.string(),
    parameters: z.record(z.string(), z.unknown()).meta({
      description: 'Those of the step in the profile of the kernel, as they were when the removal began.',
    }),
    result: StepResult,
  })
  .meta({ id: 'RemovalStep' });

/** Members of a signal that memory_failure() sent. */
export const signalRow = {
  pid: Pid,
  comm: z.string(),
  signal: z.literal('SIGBUS'),
  si_code: z.enum(['BUS_MCEERR_AO', 'BUS_MCEERR_AR', 'BUS_ADRERR', 'SI_KERNEL']),
  si_addr: z.string(),
  si_addr_lsb: z.int().nullable(),
  count: Count,
  delivery: z.enum(['asynchronous', 'on-access']),
  killed: z.boolean(),
};

export const Signal = z.strictObject(signalRow).meta({ id: 'Signal' }) satisfies z.ZodType<engine.SignalRow>;

export const BlastRadius = z
  .strictObject({
    processes: Count,
    tenants: z.array(z.string()).meta({ description: 'The first 100, by name.' }),
    cut: Cut.exactOptional(),
    mounts: Count,
    files: Count,
    mapped_bytes: Bytes,
    dirty_bytes: Bytes,
    pins: Count,
  })
  .meta({
    id: 'BlastRadius',
    description:
      'Who and what it touches, before it begins, with those that have held the device since a former removal. `dirty_bytes`: stored, not written back; none of a file system that is dead.',
  }) satisfies z.ZodType<engine.BlastRadius>;

const Seconds = z.number().min(0);
const Quantity = z.number().min(0);
const RANGE_SHOWN = { type: 'array', items: { type: 'number', minimum: 0 }, minItems: 2, maxItems: 2 };

export const SimulatedKernelCost = z
  .strictObject({
    seconds: Seconds.nullable(),
    range: z
      .tuple([Seconds, Seconds])
      .meta({ override: shownAs(RANGE_SHOWN) })
      .nullable(),
    reason: z.string().nullable().meta({ description: 'Why there is no estimate.' }),
    formula: z.string().nullable(),
    workload: z.enum(['ext4', 'xfs', 'xfs_rmapbt', 'system_ram', 'cxl']).nullable(),
    terms: z.strictObject({
      mapped_mib_by_pte: Quantity,
      mapped_mib_by_pmd: Quantity,
      device_pfns: Count,
      pages: Count.meta({ description: 'File pages that the kernel walks one by one.' }),
      armed_pages: Count,
      kills: Count.meta({ description: 'Signals sent: (entry, process) pairs.' }),
    }),
    basis: z.string(),
    source: z.string().nullable(),
  })
  .meta({
    id: 'SimulatedKernelCost',
    description: 'How long the kernel would be busy: an estimate from recorded removals, never measured.',
  }) satisfies z.ZodType<engine.SimulatedKernelCost>;

export const RemovalPages = z
  .strictObject({
    total: Count,
    mapped: Count,
    unmapped: Count,
    still_mapped: Count,
    hwpoisoned: Count,
    never_mapped: Count,
  })
  .meta({ id: 'RemovalPages', description: 'The pages of a device, each counted by what became of it.' });

export const PagesWaitedFor = z
  .strictObject({
    held: Count.meta({ description: 'As it began to wait, the last time.' }),
    still_held: Count.meta({ description: 'Now: 0 once it goes on.' }),
  })
  .meta({
    id: 'PagesWaitedFor',
    description:
      'Pages that the pins hold which a removal waits for, each once however many pins hold it; behind an offline those of its block.',
  }) satisfies z.ZodType<engine.PagesWaitedFor>;

/** What the report of a removal, and of one that is only imagined, both tell. */
export const told = {
  pages: RemovalPages,
  file_systems: z.array(
    z.strictObject({
      mount: z.string(),
      fs_type: z.string(),
      dax_holder: z.boolean().exactOptional().meta({
        description:
          'Whether it holds the dax_device; the result of the step dax_holder_notify_failure says what its walk did. Absent in removals that are older than this field.',
      }),
      result: z.enum(['shutdown', 'untouched', 'frozen']),
      reason: z.string().nullable(),
    }),
  ),
  leaked_ranges: z.array(z.strictObject({ phys_addr: Hex, size: Bytes, until: z.literal('reboot') })),
  kernel_log: z.array(z.string()),
};

const Report = z
  .strictObject({
    ...told,
    signals: z
      .array(Signal)
      .meta({ description: 'The first 100; all of them: GET /v1/removals/{removal}/signals.' }),
    pins_waited_for: z.array(z.string()).meta({ description: 'The first 100.' }),
    pages_waited_for: PagesWaitedFor.exactOptional().meta({
      description: 'Absent where it has waited for no pin, and in removals that are older than this field.',
    }),
    exposures: z.array(z.string()).meta({
      description:
        'The first 100 exposures that opened on its device since it ended; all: /v1/exposures. Exactly 100 without `cut` may be more, in a removal that is older than `cut`.',
    }),
    blast_radius: BlastRadius.nullable().meta({ description: 'Null in removals older than it.' }),
    simulated_kernel_cost: SimulatedKernelCost,
  })
  .meta({ id: 'RemovalReport' });

export const Removal = z
  .strictObject({
    ...identity,
    id: Id,
    dax_device: z.string(),
    holders: toldOfHolders.holders.exactOptional(),
    told_at: toldOfHolders.told_at.exactOptional(),
    kernel: HostKernel,
    trigger: RemoveTrigger,
    via: RemoveVia.nullable(),
    by_pid: Pid.nullable(),
    cxl_memdev: z.string().nullable().meta({ description: 'The CXL memdev that goes with it.' }),
    state: RemovalState,
    behind: z.string().exactOptional().meta({
      description:
        'The removal that is stuck with the lock of the device, or `bind`, where a bind of it never returns: this one, a write to `unbind`, waits for it.',
    }),
    holds_s_umount_of: z.string().exactOptional().meta({
      description:
        'The file system whose `s_umount` the removal, which is stuck, has for ever: umount waits for it.',
    }),
    waiting_on: Waits,
    cut: Cut.exactOptional(),
    verdict: Verdict.nullable(),
    ...dependent,
    hazards: z.array(Hazard).meta({
      description:
        'The first 100, one of each kind among them. Exactly 100 without `cut` may be more, in a removal that is older than `cut`.',
    }),
    steps: z.array(Step),
    report: Report,
    mapped_before: PfnRanges.meta({
      description:
        'What was mapped when it began: the first 100 ranges. `report.pages.mapped` counts the pages of all of them.',
    }),
    created_at: Timestamp,
    completed_at: Timestamp.nullable(),
  })
  .meta({
    id: 'Removal',
    description:
      'One ->remove() and its report. `holders`, `told_at`: as it began; absent in removals that are older than these.',
  }) satisfies z.ZodType<engine.RemovalRecord>;

export const removalFilters = {
  dax_device: Name.exactOptional(),
  state: RemovalState.exactOptional(),
  verdict: Verdict.exactOptional(),
};
