import { answered, atRest, every, on, type Rule, told, touch } from '../observe.ts';
import { counters, ends, fail, NODE_COUNTERS, poison, ram, signals, story } from '../poison.ts';
import { DAX, devdax } from '../rig.ts';
import { access, addPin, fork, found, PIPE, processOf, removeDevice, UMEM } from '../support.ts';

/** System RAM of kmem, and the open wish for device-dax. */
export const RAM_RULES: readonly Rule[] = [
  {
    rule: 'M53',
    about: 'an anonymous page: early policy AO at once, the others AR when they touch it',
    act: (kernel) => {
      const at = ram(kernel, { caller: {}, early: { mce_kill: 'early' } });
      const first = story(at, { page: 2, source: 'madvise', by: 'caller' });
      const second = story(at, { page: 8, source: 'debugfs' });
      const again = access(at.made, found(at.who.caller).mapping, 'read', { page: 2 });
      const child = fork(at.made, found(at.who.early).pid);
      const shared = { ...at, who: { ...at.who, child } };
      const third = fail(shared, { page: 10, source: 'madvise', by: 'child' });
      const both = `${ends(third)}: ${signals(shared, third)}`;
      return `${first}; ${second}; ${both}; ${told(again)} ${String(again.si_addr_lsb)}; ${poison(at)}; ${counters(at)}`;
    },
    cells: every(
      'ok: nobody; caller 8 pte, early 8 pte; ok: early AO 12 +0; caller 8 pte, early 8 pte; ok, dirty LRU page: Recovered x1: early AO 12 +2, child AO 12 +2; SIGBUS BUS_MCEERR_AR 12; flags 2+1 8+1 10+1, badblocks none; 12 kB',
      {
        ...on(
          NODE_COUNTERS,
          'ok: caller AR 12 +2; caller 8 pte, early 8 pte; ok: early AO 12 +0; caller 8 pte, early 8 pte; ok, dirty LRU page: Recovered x1: early AO 12 +2, child AR 12 +2; SIGBUS BUS_MCEERR_AR 12; flags 2+1 8+1 10+1, badblocks none; 12 kB, node0, node1 total 3 recovered 3',
        ),
      },
    ),
  },
  {
    rule: 'M56',
    about: 'a free page',
    act: (kernel) => {
      const at = ram(kernel, {});
      return `${ends(fail(at, { page: 9, source: 'debugfs' }))}; ${counters(at)}; ${poison(at)}`;
    },
    cells: every('ok, free buddy page: Delayed x1; 4 kB; flags 9+1, badblocks none', {
      'v6.1': 'ok, free buddy page: Recovered x1; 4 kB; flags 9+1, badblocks none',
      ...on(
        NODE_COUNTERS,
        'ok, free buddy page: Recovered x1; 4 kB, node0, node1 total 1 recovered 1; flags 9+1, badblocks none',
      ),
    }),
  },
  {
    rule: 'M58',
    about: 'poisoned already',
    act: (kernel) => {
      const at = ram(kernel, { one: {} });
      fail(at, { page: 0, pages: 2, source: 'debugfs' });
      const again = fail(at, { page: 0, source: 'mce' });
      const consumed = story(at, { page: 1, source: 'mce', by: 'one' });
      return `${ends(again)}; ${again.kernel_log.join().replace(/0x\w+/, 'N')}; ${consumed}; ${counters(at)}`;
    },
    cells: every(
      'ok, already hardware poisoned x1; Memory failure: N: already hardware poisoned; ok: nobody; one 8 pte; 8 kB',
      {
        'v6.1':
          'EHWPOISON, already hardware poisoned x1; Memory failure: N: already hardware poisoned; EHWPOISON: one AR 12 +1; one 8 pte; 8 kB',
        ...on(
          NODE_COUNTERS,
          'EHWPOISON, already poisoned page: Failed x1; Memory failure: N: recovery action for already poisoned page: Failed; EHWPOISON: one AR 12 +1; one 8 pte; 8 kB, node0, node1 total 2 recovered 2',
        ),
      },
    ),
  },
  {
    rule: 'M141',
    about: 'a page with a pin: still referenced, EBUSY',
    act: (kernel) => {
      const at = ram(kernel, { one: {} });
      addPin(at.made, found(at.who.one), PIPE);
      const report = fail(at, { page: 0, source: 'debugfs' });
      return `${ends(report)}; ${report.kernel_log.at(-2)!.replace(/0x\w+/, 'N')}; ${poison(at)}`;
    },
    cells: every(
      'EBUSY, dirty LRU page: Failed x1; Memory failure: N: dirty LRU page still referenced by 1 users; flags 0+1, badblocks none',
    ),
  },
  {
    rule: 'FU9',
    about:
      'device-dax too, proposed: all lose their entries, a longterm holder that handles the signal lets go',
    act: (kernel) => {
      const { made, mapper } = devdax(kernel);
      const wish = { type: 'patch_host', proposed: { devdax_memory_failure: true } } as const;
      const on_ = answered(made, wish);
      const [holder, other, deaf] = [mapper(), mapper(), mapper({ sigbus: 'blocked' })];
      addPin(made, holder, UMEM);
      addPin(made, deaf, UMEM);
      const removal = removeDevice(made, { dax_device: DAX });
      const signals = [holder, other, deaf].map(({ pid }) => atRest(removal, pid)).join(', ');
      const pins = [...made.host.tables.pins.values()].map(({ pid }) => processOf(made, pid).sigbus).join();
      const { hwpoisoned } = removal.report.pages;
      return `${on_}; ${signals}; ${removal.state} for ${pins}; ${String(hwpoisoned)} flagged; ${touch(made, other, 'read')}`;
    },
    cells: on(
      ['force-unmap'],
      'ok; AO lsb 21 x1, AO lsb 21 x1, AO lsb 21 x1; waiting for blocked; 512 flagged; SIGBUS BUS_ADRERR',
    ),
  },
];
