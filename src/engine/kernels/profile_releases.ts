import { KERNEL_NAMES, type KernelName } from '../model/vocabulary.ts';

interface RecordedOn {
  readonly kernel: KernelName;
  readonly release: string;
  /** The very build: as Debian's package, and as `uname -r` where that names it. */
  readonly builds: readonly [string, ...string[]];
}

/** The release that each profile of a kernel that anyone can boot was recorded on, the oldest first: all were Debian's. */
const RECORDED_ON: readonly RecordedOn[] = [
  { kernel: 'v5.10', release: '5.10.223', builds: ['5.10.223-1'] },
  { kernel: 'v6.1', release: '6.1.192', builds: ['6.1.192-2'] },
  { kernel: 'v6.12', release: '6.12.117', builds: ['6.12.117-1~deb12u1', '6.12.117+deb12-amd64'] },
  { kernel: 'v7.3', release: '7.3.4', builds: ['7.3.4-1~bpo13+1', '7.3.4+deb13-amd64'] },
];

/** The same with the column of each kernel in the tables. */
export const PROFILE_RELEASES = RECORDED_ON.map((recorded) => ({
  ...recorded,
  column: KERNEL_NAMES.indexOf(recorded.kernel),
}));
