import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';

/**
 * A recording of a real kernel, as far as the harness reads it. Files have more in them: what nothing is compared
 * with is listed in not_compared.json.
 */
export interface Recording {
  readonly scenario: string;
  readonly kernel: string;
  readonly status?: string;
  readonly when?: string;
  readonly given?: Given;
  readonly observed?: Observed;
  readonly raw?: {
    readonly dmesg_patterns?: Readonly<Record<string, number>>;
    readonly steps?: readonly StepLine[];
  };
}

export interface Given {
  readonly topology?: string;
  readonly mode?: string;
  readonly namespace?: { readonly mode: string; readonly bound_device?: string };
  readonly device?:
    | string
    | { readonly name: string; readonly size: number; readonly align: string; readonly backing: string };
  readonly filesystem?: string;
  readonly mkfs?: string;
  readonly mount_options?: string;
  readonly mount_line?: readonly string[];
  readonly mount_with_dax?: Command;
  readonly 'vm.memory_failure_early_kill'?: 0 | 1;
  readonly processes?: Readonly<Record<string, GivenProcess>>;
  readonly mapping?: string;
  readonly dax_faults?: Readonly<Record<string, number>>;
  readonly operation?: string;
  /** `madvise`, `mce`, `debugfs` or `soft-offline`, and the byte of the first process's mapping. */
  readonly injected_via?: string;
  readonly offset?: number;
  readonly pin?: string;
  readonly pin_result?: Answer;
  readonly release?: string;
  readonly file_MiB_mapped_and_dirty?: number;
}

export interface GivenProcess {
  readonly handler: boolean;
  readonly PR_MCE_KILL?: 'early' | 'late';
  readonly file?: string;
  readonly length?: number;
  readonly mapping?: string;
  readonly touched_before?: string;
  readonly inherited_from?: string;
  readonly mmap_failed?: string;
  readonly dax_faults?: Readonly<Record<string, number>>;
}

export interface Observed {
  readonly event?: Event;
  readonly attempts_before?: readonly Command[];
  readonly processes?: Readonly<Record<string, ObservedProcess>>;
  readonly stale_mappings?: readonly string[];
  readonly verdicts?: Readonly<Record<string, string | null>>;
  readonly verdicts_after_unbind?: Readonly<Record<string, string>>;
  readonly kernel_oopses?: readonly Oops[];
  readonly counters_changed?: Readonly<Record<string, { readonly before?: number; readonly after?: number }>>;
  readonly counters?: Readonly<Record<string, number>>;
  readonly iomem_after?: readonly string[];
  readonly devices_after?: Devices;
  readonly mounts_after?: readonly string[];
  readonly state_before?: MachineState;
  readonly state_after?: MachineState;
  readonly state_end?: MachineState;
  readonly follow_ups?: readonly FollowUp[];
  readonly mount?: Command;
  readonly pin?: Answer;
  readonly pin_refused?: boolean;
  readonly while_removing?: WhileRemoving;
  readonly munmap_first?: Answer;
  readonly release?: Release;
  readonly release_afterwards?: Release;
  readonly kernel_oops_on_release?: readonly string[];
  readonly event_after_release?: Event;
  readonly afterwards?: { readonly bystander_read?: Answer; readonly state?: MachineState };
  readonly operation?: Operation;
  readonly read_before_operation?: Answer;
  readonly read_after_operation?: Answer;
  readonly read_after_rebind?: Answer;
  readonly rebind?: Event;
  readonly kernel_oops?: readonly string[];
  readonly victim_alive?: boolean;
  readonly blocked_process?: { readonly after_SIGKILL?: { readonly gone: boolean } };
  readonly mapped_block_device_read?: Answer;
  readonly mapped_block_device_read_untouched?: Answer;
  readonly read_open_fd_cached?: Answer;
  readonly read_open_fd_uncached?: Answer;
  readonly device_MiB?: number;
  readonly unbind_seconds?: number | null;
  readonly signals_delivered_total?: number;
  readonly kernel_memory_failure_lines?: number;
  readonly kernel_log_lines_lost?: boolean;
  readonly read_after?: string;
}

/** A call that drops the pin, or SIGKILL of who holds it: null where that did not end it. */
export interface Release extends Answer {
  readonly SIGKILL?: End | null;
}

export interface Answer {
  readonly ok?: boolean;
  readonly op?: string;
  readonly data?: string;
  readonly errno?: string | null;
  readonly signal?: string;
  readonly si_code?: string;
  readonly si_addr_offset?: number | null;
  readonly si_addr_lsb?: number | null;
  readonly dead?: End & { readonly kernel_oops?: readonly Oops[] };
  readonly blocked?: boolean | string;
  readonly state?: string | null;
  readonly kernel_oops?: readonly Oops[];
}
export interface Operation extends Answer {
  readonly do?: string;
  readonly cmd?: string;
  readonly rc?: number | null;
  readonly died?: End;
  readonly end?: End | null;
  readonly child_reads?: Answer;
}
export interface End {
  readonly killed_by?: string;
  readonly exit?: number;
  readonly state?: string;
}
export interface Oops {
  readonly at: string;
}
export interface Command {
  readonly cmd?: string;
  readonly rc?: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly still_bound?: readonly string[];
}
export interface Event extends Command {
  readonly do?: string;
  readonly errno?: string | null;
  readonly blocked?: boolean;
  readonly state?: string;
  readonly answer?: Answer;
}
export interface Devices {
  readonly nd_pmem?: readonly string[] | null;
  readonly block?: readonly string[] | null;
  readonly dax_pmem?: readonly string[] | null;
  readonly dax?: readonly string[] | null;
}
export interface MachineState {
  readonly iomem?: readonly string[];
  readonly devices?: Devices;
  readonly counters?: Readonly<Record<string, number>>;
}
export interface Signal {
  /** Seconds since the start of the machine. */
  readonly t?: number;
  readonly signal: string;
  readonly si_code: string;
  readonly si_addr_offset: number | null;
  readonly si_addr_lsb: number | null;
  readonly delivery: string;
}
export interface ObservedProcess {
  readonly before?: { readonly pagemap_first_page?: Pagemap; readonly read?: Answer | 'not read' } | null;
  readonly verdict?: string | null;
  readonly at_rest?: {
    readonly alive: boolean;
    readonly end?: End;
    readonly signals?: readonly Signal[] | Answer;
    readonly signals_delivered_total?: number | null;
  };
  readonly on_access?: Readonly<Record<string, Answer>>;
  readonly after_access?: { readonly pagemap_first_page?: Pagemap };
  readonly signals_after_read?: {
    readonly signals: readonly Signal[];
    readonly delivered_total: number;
  } | null;
  readonly read_poisoned_page?: Answer;
  readonly read_page_next_to_it?: Answer;
  readonly read_page_in_other_2MiB?: Answer;
}
export interface Pagemap {
  readonly present?: boolean;
}
export interface WhileRemoving {
  readonly pinner_read?: Answer;
  readonly bystander_read?: Answer;
  readonly bystander_read_untouched?: Answer;
  readonly pinner_signals?: { readonly signals?: readonly Signal[] };
  readonly devices?: Devices;
}
export interface FollowUp extends Event {
  readonly op?: string;
  readonly result?: Answer & Command & { readonly do?: string };
  readonly ends?: Readonly<Record<string, End>>;
  readonly blocked_after_seconds?: number;
  readonly devices?: Devices;
  readonly mounts?: readonly string[];
}
export interface StepLine {
  readonly do?: string;
  readonly cmd?: string;
}

/** A file of a folder: its name without the ending, and what it holds. */
export interface Recorded {
  readonly name: string;
  readonly kernel: KernelName | null;
  readonly recording: Recording;
}

/** `5.10.0-32-amd64` → v5.10, `5.10.223-force-unmap-base5.12` → force-unmap-v5.12; null: no such profile. */
function profileOf(uname: string): KernelName | null {
  const version = /^(\d+\.\d+)/.exec(uname)?.[1] ?? '';
  const forced = /-force-unmap(?:-base(\d+\.\d+))?$/.exec(uname);
  const name = forced ? `force-unmap-v${forced[1] ?? version}` : `v${version}`;
  return KERNEL_NAMES.find((kernel) => kernel === name) ?? null;
}

/** Every recording of a folder (not of its subfolders), in the order of names. */
export function readRecordings(folder: string): Recorded[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const recording = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording;
      const kernel = typeof recording.kernel === 'string' ? profileOf(recording.kernel) : null;
      return { name: basename(file, '.json'), kernel, recording };
    });
}
