import type {
  DeviceMode,
  DeviceState,
  HostHealth,
  HostKernel,
  RemovalState,
  Verdict,
} from '../engine/model/vocabulary.ts';

/** How many there are of each word. */
export type ByWord<Word extends string> = Readonly<Record<Word, number>>;

/** Removals by state and verdict together; `none`: not yet. */
export type RemovalCounts = Readonly<Record<RemovalState, ByWord<Verdict | 'none'>>>;

/**
 * What a fleet has, of one committed state. Each count is that of the list with the same filter; what another program has
 * written is counted by the next commit.
 */
export interface RecordCounts {
  readonly hosts: {
    readonly total: number;
    readonly health: ByWord<HostHealth>;
    readonly kernel: ByWord<HostKernel>;
  };
  readonly dax_devices: {
    readonly total: number;
    readonly state: ByWord<DeviceState>;
    readonly mode: ByWord<DeviceMode>;
    /** That of their host. */
    readonly kernel: ByWord<HostKernel>;
  };
  readonly removals: {
    readonly total: number;
    readonly state: ByWord<RemovalState>;
    /** `none`: not yet. */
    readonly verdict: ByWord<Verdict | 'none'>;
    /** The one under which each began. */
    readonly kernel: ByWord<HostKernel>;
  };
  readonly exposures: { readonly total: number; readonly state: ByWord<'open' | 'closed'> };
  /** In order of their names, the first 100. */
  readonly by_host: readonly {
    readonly host: string;
    readonly dax_devices: number;
    readonly removals: number;
    readonly open_exposures: number;
  }[];
  /** The same. Null for devices and processes that are nobody's; exposures are those of who reaches. */
  readonly by_tenant: readonly {
    readonly tenant: string | null;
    readonly dax_devices: number;
    readonly open_exposures: number;
  }[];
  /** The same, of hosts that have told one. */
  readonly by_kernel_release: readonly {
    readonly kernel: HostKernel;
    readonly kernel_release: string;
    readonly hosts: number;
    readonly dax_devices: number;
  }[];
  /** How many rows there are of each list of which only the first 100 are shown. */
  readonly cut?: Readonly<Partial<Record<'by_host' | 'by_tenant' | 'by_kernel_release', number>>>;
}

/** The same, with what a removal of each device now would leave. */
export interface FleetCounts extends Omit<RecordCounts, 'dax_devices'> {
  readonly dax_devices: RecordCounts['dax_devices'] & {
    /** As the assessment counts them; `not_assessed`: they are between requests, or a bug keeps it from it. */
    readonly verdict: ByWord<Verdict | 'waiting' | 'refused' | 'not_assessed'>;
  };
  /** The last event of that state. */
  readonly as_of: number;
}
