import { describe, expect, test } from 'vitest';
import { ifKnown } from '../../src/engine/kernels/unsettled.ts';
import { hostRecord } from '../../src/engine/model/transaction.ts';
import { machine } from './support.ts';

describe('[KREL1] what is told of the kernel of a host', () => {
  test('neither a profile nor a release is refused', () => {
    const made = machine('v6.12');
    made.run({ type: 'delete_host' });
    expect(made.try({ type: 'create_host', name: 'h' })).toMatchObject({
      code: 'invalid_field',
      pointer: '/kernel',
    });
  });

  test('a series beside a release is refused by a boot too, and nothing ends', () => {
    const made = machine('v6.12');
    const boot = { type: 'reboot', kernel: 'force-unmap', kernel_release: '5.10.223' } as const;
    expect(made.try(boot)).toMatchObject({ code: 'invalid_field', pointer: '/kernel' });
    expect(hostRecord(made.host).kernel).toBe('v6.12');
  });

  test('a boot into a release forgets what was looked up on the kernel before', () => {
    const made = machine('v6.12');
    made.run({ type: 'patch_host', kernel_probes: { symbols: { io_release_ubuf: true } } });
    made.run({ type: 'reboot', kernel_release: '6.18.15' });
    expect(hostRecord(made.host)).toMatchObject({
      kernel: 'resolved',
      kernel_release: '6.18.15',
      kernel_probes: { symbols: {} },
    });
  });
});

test('what fails for another reason than an unknown fact is no unknown fact', () => {
  const broken = () => {
    throw new RangeError('of its own');
  };
  expect(() => ifKnown(broken)).toThrow(RangeError);
});
