import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { devdax, ext4, xfs } from './rig.ts';
import { access, mappingOf, processOf, removeDevice, type Mapper } from './support.ts';
import { told } from './observe.ts';

const RIGS = { ext4, xfs, devdax } as const;

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each(['ext4', 'xfs', 'devdax'] as const)(
    '[S40] a store where %s is mapped without PROT_WRITE is SIGSEGV, before the removal and after it',
    (kind) => {
      const { made, mapper } = RIGS[kind](kernel);
      const one = mapper({ prot: 'r' });
      const store = () => access(made, one.mapping, 'write', { page: 1 });
      const si_addr = `0x${(BigInt(mappingOf(made, one.mapping).address) + 4096n).toString(16)}`;
      const segv = {
        result: 'signal',
        signal: 'SIGSEGV',
        si_code: 'SEGV_ACCERR',
        si_addr,
        process_alive: true,
      };
      expect(store()).toMatchObject(segv);
      removeDevice(made, { dax_device: mappingOf(made, one.mapping).dax_device });
      expect(store()).toMatchObject({ ...segv, si_addr_lsb: null, kernel_oopses: [] });
    },
  );

  test('[S40] whoever handles no signal dies of it', () => {
    const { made, mapper } = ext4(kernel);
    const mappers = (['default', 'handled', 'blocked', 'ignored'] as const).map(
      (sigbus): readonly [string, Mapper] => [sigbus, mapper({ prot: 'r', sigbus })],
    );
    const ends = mappers.map(([sigbus, { mapping, pid }]) => {
      const outcome = told(access(made, mapping, 'write'));
      return [sigbus, outcome, processOf(made, pid).end];
    });
    const lives = 'SIGSEGV SEGV_ACCERR';
    expect(ends).toEqual([
      ['default', `${lives}, dies`, { killed_by: 'SIGSEGV' }],
      ['handled', lives, null],
      ['blocked', lives, null],
      ['ignored', lives, null],
    ]);
  });
});
