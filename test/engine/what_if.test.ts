import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { assessHost } from '../../src/engine/questions/assess.ts';
import type { IdleVerdicts } from '../../src/engine/questions/idle.ts';
import { copyHost } from './copy_host.ts';
import { anyStory, play } from './fleet.ts';
import { assess, detail, holders, systemRam } from './imagine.ts';
import { DAX, devdax, ext4, rmapbt } from './rig.ts';
import {
  addDevice,
  addMapper,
  addPin,
  DEVICE,
  found,
  machine,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
} from './support.ts';
import { cases } from '../support/property.ts';

test('[WI1] what is only imagined leaves no trace, whatever the fleet', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      const before = copyHost(made.host);
      const events = made.events.length;
      for (const name of made.host.tables.dax_devices.keys()) {
        made.tryAsk({ type: 'survey_holders', dax_device: name });
        made.tryAsk({ type: 'compare_removals', dax_device: name, trigger: 'unbind', kernels: KERNEL_NAMES });
      }
      made.tryAsk({ type: 'assess_removals' });
      expect(made.host).toEqual(before);
      expect(Object.values(made.host.tables).map((table) => [...table.keys()])).toEqual(
        Object.values(before.tables).map((table) => [...table.keys()]),
      );
      expect(made.events.length).toBe(events);
    }),
    cases(12),
  );
});

test('[WI1] the imagined removal ends as the one that is asked for', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      for (const { dax_device, verdict, state, refused } of assess(made)) {
        const command = { type: 'remove_dax_device', dax_device, trigger: 'surprise_removal' } as const;
        const begun = made.try(command);
        if (refused !== null) {
          expect(begun).toMatchObject({ code: refused.code });
          continue;
        }
        let removal = found([...made.host.tables.removals.values()].at(-1));
        while (removal.state === 'running') {
          made.run({ type: 'advance_removal', removal: removal.id });
          removal = found(made.host.tables.removals.get(removal.id));
        }
        expect([removal.verdict, removal.state]).toEqual([verdict, state]);
        // What the others would leave now may be another matter: this one has changed the host.
        break;
      }
    }),
    cases(30),
  );
});

test('[WI1] one device of a host, where one is named', () => {
  const made = machine('v6.12');
  for (const name of ['pmem0', 'pmem1']) addDevice(made, { name });
  const told = made.ask({ type: 'assess_removals', dax_device: 'pmem1' });
  expect(told.map(({ dax_device }) => dax_device)).toEqual(['pmem1']);
  expect(made.tryAsk({ type: 'assess_removals', dax_device: 'pmem2' })).toMatchObject({
    code: 'dax_device_not_found',
  });
});

test('[WI2] an idle device that no driver has is told by its own name', () => {
  const made = machine('v6.12');
  for (const name of ['pmem0', 'pmem1']) addDevice(made, { name, state: 'unbound' });
  const told = assessHost(made.host, new Map()).map(({ refused }) => refused?.detail);
  expect(told).toEqual(['pmem0', 'pmem1'].map((name) => `${name} is unbound: POST …/bind binds it`));
});

test('[WI2] devices that nobody uses are told alike from memory and by simulation', () => {
  fc.assert(
    fc.property(fc.array(anyStory, { minLength: 2, maxLength: 4 }), (stories) => {
      const remembered: IdleVerdicts = new Map();
      for (const story of stories) {
        const { host } = play(story, () => undefined);
        expect(assessHost(host, remembered)).toEqual(assessHost(host, new Map()));
        expect(assessHost(host, remembered)).toEqual(assessHost(host, new Map()));
      }
    }),
    cases(12),
  );
});

describe('[HOLD1] the detail of a holder is what the kernel then does', () => {
  test.each([
    ['v5.10', 'ok; kernel_oops by smaps, pagemap'],
    ['v6.1', 'ok; kernel_oops by smaps, pagemap'],
    [
      'v7.3',
      'the kernel oopses in vm_normal_folio_pmd; kernel_oops by munmap, exit, madvise_dontneed, ' +
        'vmsplice, direct_io, madvise_hwpoison, process_vm_readv, ptrace, mlock, smaps, pagemap, numa_maps',
    ],
  ] as const)('ext4 on %s', (kernel, exit) => {
    const { made, mapper } = ext4(kernel);
    mapper();
    expect(detail(made, 'process')).toEqual([`survives: no signal; its exit: ${exit}`]);
    expect(detail(made, 'mapping')).toEqual(['survives: read: the old data; write: SIGBUS BUS_ADRERR']);
  });

  test('xfs with rmapbt on v6.12: signalled, killed, shut down', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper();
    mapper({ sigbus: 'default', small: true, prot: 'r' });
    expect(detail(made, 'process')).toEqual([
      'survives: SIGBUS BUS_MCEERR_AO lsb 21 x1; its exit: ok',
      'killed: SIGBUS BUS_MCEERR_AO lsb 12 x1',
    ]);
    expect(detail(made, 'mapping')).toEqual([
      'forced: read: SIGBUS BUS_ADRERR; write: SIGBUS BUS_ADRERR',
      'forced: gone with its process',
    ]);
    expect(detail(made, 'mount')).toEqual(['forced: shut down: force umount (0x4)']);
    expect(detail(made, 'file')).toEqual(['forced: pread: EIO; pwrite: EIO; fsync: EIO']);
  });

  test('xfs with rmapbt and four groups on v7.3: frozen for good', () => {
    const { made, mapper } = rmapbt('v7.3', 0, 4);
    mapper();
    expect(detail(made, 'mount')).toEqual(['forced: frozen until a reboot: every write blocks']);
    expect(detail(made, 'file')[0]).toMatch(/pwrite: does not return from percpu_rwsem_wait/);
  });

  test('anonymous memory on system-ram stays where its block is online', () => {
    const made = systemRam('v6.12', true);
    addMapper(made, { dax_device: DAX, length: 4 * PAGE, flags: ['private'], touched: 'write' });
    expect(detail(made, 'mapping', DAX)).toEqual(['survives: read: ok; write: ok']);
  });

  test('ext4 on v5.10: nobody tells the file system', () => {
    const { made, mapper } = ext4('v5.10');
    mapper({ touched: 'none' });
    mapper({ prot: 'r' });
    expect(detail(made, 'mount')).toEqual([
      'forced: not notified: its device is gone; once its users have ended, its umount: the kernel oopses in dax_disassociate_entry',
    ]);
    expect(detail(made, 'mapping')).toEqual([
      'forced: read: SIGBUS BUS_ADRERR; write: SIGBUS BUS_ADRERR',
      'survives: read: the old data',
    ]);
  });

  test('pins: waited for, outliving, dropped at a death, or not known', () => {
    const waits = ext4('v5.10');
    addPin(waits.made, waits.mapper(), PIPE);
    expect(detail(waits.made, 'pin')).toEqual([
      'blocks: the removal waits in blk_mq_freeze_queue_wait until it is dropped',
    ]);
    const outlives = ext4('v6.12');
    addPin(outlives.made, outlives.mapper(), PIPE);
    expect(detail(outlives.made, 'pin')[0]).toMatch(/^survives: .*oopses in page_cache_pipe_buf_release/);
    const dies = rmapbt('v6.12');
    addPin(dies.made, dies.mapper({ sigbus: 'default' }), { kind: 'transient', holder: 'direct_io' });
    expect(detail(dies.made, 'pin')).toEqual(['forced: dropped with its process']);
    const unknown = devdax('v6.12');
    addPin(unknown.made, unknown.mapper(), { kind: 'longterm', holder: 'rdma' });
    expect(detail(unknown.made, 'pin', DAX)[0]).toMatch(/^survives: .*not known \(where the release/);
  });

  test('a task that is stuck in the kernel is never reaped', () => {
    const { made, mapper } = ext4('v5.10');
    const { mapping } = mapper({ small: true });
    removeDevice(made);
    made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'vmsplice' });
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(detail(made, 'process')).toEqual(['survives: no signal; livelocked in the kernel, never reaped']);
  });

  test('memory blocks that are online stay, others go', () => {
    expect(detail(systemRam('v6.12', true), 'memory_block', DAX)).toEqual([
      'survives: stays, and its range leaks until a reboot',
    ]);
    const made = systemRam('v6.12', false);
    expect(detail(made, 'memory_block', DAX)).toEqual(['forced: removed with the device']);
    expect(holders(made, DAX)[0]?.id).toMatch(/^memory\d+-memory\d+$/);
    const [range] = made.host.tables.memory_ranges.values();
    const block = found(range).base_pfn / (found(range).block_bytes / PAGE);
    made.run({ type: 'patch_memory_block', dax_device: DAX, block, state: 'online' });
    expect(holders(made, DAX)[0]).toMatchObject({ id: `memory${String(block)}`, consequence: 'survives' });
  });
});

describe('[BLAST1] the blast radius', () => {
  test('counts who uses the device, and bytes once', () => {
    const { made, mapper } = ext4('v6.12');
    const first = mapper({ tenant: 'b', touched: 'write' });
    mapper({ tenant: 'a' });
    made.run({ type: 'create_process', pid: 9, comm: 'bystander', tenant: 'c' });
    addPin(made, first, PIPE);
    const { blast_radius } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect(blast_radius).toEqual({
      processes: 2,
      tenants: ['a', 'b'],
      mounts: 1,
      files: 1,
      mapped_bytes: 2 * MIB,
      dirty_bytes: 2 * MIB,
      pins: 1,
    });
  });

  test('counts who holds the device since a removal, and what was lost then no more', () => {
    const { made, mapper } = ext4('v6.12');
    mapper({ tenant: 'b', touched: 'write' });
    const before = made.ask({ type: 'survey_holders', dax_device: DEVICE }).blast_radius;
    removeDevice(made);
    const held = { ...before, dirty_bytes: 0 };
    expect(made.ask({ type: 'survey_holders', dax_device: DEVICE }).blast_radius).toEqual(held);
    expect(assess(made)[0]?.blast_radius).toEqual(held);
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(removeDevice(made).report.blast_radius).toEqual(held);
  });

  test('is in the report of the removal, as it was when that began', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper({ sigbus: 'default' });
    expect(removeDevice(made).report.blast_radius).toMatchObject({ processes: 1, mapped_bytes: 2 * MIB });
  });
});
