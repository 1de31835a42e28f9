import type { SigbusDisposition } from '../../src/engine/model/vocabulary.ts';
import {
  addDevice,
  addFile,
  addMount,
  addPin,
  addProcess,
  machine,
  PAGE,
  PIPE,
  type Machine,
} from './support.ts';

/** Records, and four times as many. */
export const FEW = 40;
export const MANY = 160;

/** Who maps, and what. */
export interface Crowd {
  readonly made: Machine;
  readonly pids: readonly number[];
  readonly mappings: readonly string[];
}

interface CrowdOptions {
  readonly pinned?: boolean;
  readonly sigbus?: SigbusDisposition;
  readonly fs_type?: 'ext4' | 'xfs';
}

/** One page of one file mapped many times, by one process or by one each. */
export function crowd(mappings: number, by: 'one' | 'each', more: CrowdOptions = {}): Crowd {
  const { sigbus = 'default', fs_type = 'xfs' } = more;
  const made = machine('v6.12');
  addDevice(made);
  const mount = addMount(made, { fs_type, ...(fs_type === 'xfs' && { rmapbt: true }) });
  const file = addFile(made, mount.id, '/f');
  const first = addProcess(made, { sigbus });
  const pids = [first];
  for (let at = 0; at < mappings; at += 1) {
    if (at > 0 && by === 'each') pids.push(addProcess(made, { sigbus }));
    const pid = pids.at(-1)!;
    const base = { offset: 0, length: PAGE, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
    made.run({ type: 'create_mapping', pid, file, ...base, populate: 'write' });
    const mapping = [...made.host.tables.mappings.keys()].at(-1)!;
    if (more.pinned === true) addPin(made, { pid, mapping }, PIPE);
  }
  return { made, pids, mappings: [...made.host.tables.mappings.keys()] };
}

/** How many times the steps are those of a quarter of the records: 4 where the work is linear, 16 where squared. */
export function growth(stepsOf: (records: number) => number): number {
  return stepsOf(MANY) / stepsOf(FEW);
}
