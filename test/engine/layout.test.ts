import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, LAYOUT, rmapbt, xfs, type Rig } from './rig.ts';
import { access, fork, found, removeDevice, type Mapper } from './support.ts';

/** Starts every process of the recordings' layout, with the forks; by name. */
function start(rig: Rig): Map<string, Mapper> {
  const all = new Map<string, Mapper>();
  for (const [name, [path, options]] of Object.entries(LAYOUT)) all.set(name, rig.mapper(options, path));
  const parent = found(all.get('parent')).pid;
  all.set('forked-child', fork(rig.made, parent));
  const touched = fork(rig.made, parent);
  access(rig.made, touched.mapping, 'read', { pages: 512 });
  return all.set('forked-child-touched', touched);
}

/** Who is left with a stale mapping, sorted by name. */
function left(rig: Rig): string[] {
  const all = start(rig);
  const { hazards } = removeDevice(rig.made);
  const stale = new Set(hazards.filter(({ kind }) => kind === 'stale_mapping').map(({ mapping }) => mapping));
  return [...all].flatMap(([name, { mapping }]) => (stale.has(mapping) ? [name] : [])).sort();
}

const NOT_TOUCHED = ['forked-child', 'never-touched'];
const EVERYBODY = [...Object.keys(LAYOUT), 'forked-child-touched']
  .filter((name) => !NOT_TOUCHED.includes(name))
  .sort();
/** Where an early process was collected, nobody keeps an entry of its 2 MiB. */
const BUT_OF_THE_EARLY_FILE = EVERYBODY.filter((name) => LAYOUT[name]?.[0] !== '/pmd');

const FULL: readonly KernelName[] = ['v5.10', 'force-unmap-v5.10'];

function expected(fs: string, kernel: KernelName): readonly string[] {
  if (kernel === 'force-unmap') return [];
  if (kernel === 'force-unmap-v5.12') return BUT_OF_THE_EARLY_FILE;
  if (fs !== 'xfs with rmapbt' || FULL.includes(kernel)) return EVERYBODY;
  return kernel === 'v6.1' ? BUT_OF_THE_EARLY_FILE : [];
}

const SYSTEMS = { ext4, xfs, 'xfs with rmapbt': rmapbt } as const;

describe('who is left with a stale mapping of the recorded layout', () => {
  for (const kernel of KERNEL_NAMES) {
    for (const [fs, make] of Object.entries(SYSTEMS)) {
      test(`${fs} on ${kernel}`, () => {
        expect(left(make(kernel))).toEqual(expected(fs, kernel));
      });
    }
  }
});
