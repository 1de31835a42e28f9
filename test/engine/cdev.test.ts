import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { corrupted, daxOf, lastMapping, MAP, node } from './node_rig.ts';
import { DAX } from './rig.ts';
import { access, addDevice, addProcess, outcomeOf, removeDevice, returned } from './support.ts';

const checkVma = (kernel: KernelName) => (kernel === 'v7.3' ? '__check_vma' : 'check_vma');

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[S13] a node that nobody has open is there while device_dax is bound', () => {
    const dax = node(kernel);
    expect([dax.open(), dax.refs()]).toEqual(['ok', 2]);
    for (const { pid } of dax.made.host.tables.processes.values())
      dax.made.run({ type: 'exit_process', pid });
    dax.unbind();
    expect([dax.refs(), dax.open(), dax.map()]).toEqual([0, 'ENXIO', 'ENXIO']);
    expect([dax.bind(), dax.open(), dax.map(), dax.refs()]).toEqual(['ok', 'ok', 'ok', 3]);
  });

  test('[S14] while somebody has it open another opens it, also without a driver', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    const second = dax.opener();
    expect([...dax.made.host.tables.open_files.values()].map(({ opened_dead }) => opened_dead)).toEqual([
      false,
      true,
    ]);
    dax.close(first);
    expect([dax.refs(), dax.open()]).toEqual([1, 'ok']);
    dax.close(second);
    expect(dax.refs()).toBe(1);
  });

  test('[S14] nor does it ask for kmem, or for one that is on its way out', () => {
    const dax = node(kernel);
    dax.opener();
    dax.unbind();
    dax.made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
    const pid = addProcess(dax.made);
    expect([dax.open(pid), daxOf(dax.made).instance]).toEqual(['ok', 1]);
    expect(dax.mapBy({ pid, open_file: [...dax.made.host.tables.open_files.keys()].at(-1)! })).toBe(
      'kernel_oops',
    );
  });

  test.each([[['shared']], [['shared', 'sync']], [['private']]] as const)(
    '[S15] an mmap through what was opened while it was not alive oopses: %s',
    (flags) => {
      const dax = node(kernel);
      dax.opener();
      dax.unbind();
      const late = dax.opener();
      dax.bind();
      const outcome = dax.made.try({
        ...{ type: 'create_mapping', pid: late.pid, open_file: late.open_file },
        ...{ ...MAP, flags },
      });
      expect(outcome).toMatchObject({
        answer: {
          result: 'kernel_oops',
          process_alive: true,
          kernel_oopses: [{ at: checkVma(kernel), task: 'process' }],
        },
      });
      const { host } = dax.made;
      expect(host.tables.hosts.get('h')).toMatchObject({ health: 'oopsed', stuck: ['dax_srcu'] });
    },
  );

  test('[S16] the task stays, whatever it is sent, and so does what it has open', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    const pid = addProcess(dax.made);
    expect(dax.map(pid)).toBe('kernel_oops');
    expect(dax.made.host.tables.processes.get(String(pid))).toMatchObject({ state: 'oopsed' });
    expect(dax.kill(pid)).toBe('process_unavailable');
    dax.close(first);
    expect([dax.refs(), dax.open(), dax.map()]).toEqual([1, 'ok', 'kernel_oops']);
  });

  test('[S17] no removal of a dax_device comes back, and binds go on', () => {
    const dax = node(kernel);
    addDevice(dax.made, {});
    const first = dax.opener();
    expect(dax.mapBy(first)).toBe('ok');
    const id = lastMapping(dax.made);
    dax.unbind();
    dax.map();
    expect([dax.bind(), access(dax.made, id, 'write').result, dax.map()]).toEqual(['ok', 'ok', 'ok']);
    const { state, steps } = dax.unbind();
    expect([state, steps[0]?.result]).toEqual(['stuck', { hangs_in: '__synchronize_srcu' }]);
    // What is mapped stays so: the removal has not come to it.
    expect(access(dax.made, id, 'read').result).toBe('ok');
    const untouched = access(dax.made, lastMapping(dax.made), 'read');
    expect(untouched).toMatchObject({ signal: 'SIGBUS', si_code: 'BUS_ADRERR' });
    expect([dax.open(), dax.map()]).toEqual(['ok', 'kernel_oops']);
    expect(removeDevice(dax.made, { trigger: 'unbind' }).state).toBe('stuck');
  });

  test('[S18] through what was opened alive an mmap is refused while the dev_dax is not, or is gone', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    expect(dax.mapBy(first)).toBe('ENXIO');
    dax.bind();
    expect(dax.mapBy(first)).toBe('ok');
    dax.unbind();
    dax.unbind('dax_pmem');
    expect([dax.mapBy(first), dax.open(), dax.map()]).toEqual(['ENXIO', 'ENOENT', 'ENOENT']);
    dax.bind('dax_pmem');
    expect([dax.mapBy(first), dax.open()]).toEqual(['ENXIO', 'ok']);
  });

  test('[S19] a close of what was open at the bind takes the reference of the driver', () => {
    const dax = node(kernel);
    const [first, second, third] = [dax.opener(), dax.opener(), dax.opener()];
    expect(dax.mapBy(first)).toBe('ok');
    const id = lastMapping(dax.made);
    dax.unbind();
    dax.bind();
    expect([dax.refs(), access(dax.made, id, 'write').result]).toEqual([1, 'ok']);
    expect([dax.close(first).kernel_log, dax.refs(), dax.open()]).toEqual([[], 1, 'ok']);
    dax.close(second);
    expect([dax.refs(), dax.close(third).kernel_log]).toEqual([1, []]);
    expect([dax.refs(), dax.open(), dax.map(), access(dax.made, id, 'read').result]).toEqual([
      0,
      'ENXIO',
      'ENXIO',
      'ok',
    ]);
    const UNDERFLOW = ['refcount_t: underflow; use-after-free.'];
    expect(outcomeOf(dax.made.run({ type: 'munmap', mapping: id })).kernel_log).toEqual(UNDERFLOW);
    expect([dax.refs(), dax.open()]).toEqual(['saturated', 'ok']);
  });

  test('[CDEV4] a device that nobody can open although it is bound says so, and what helps', () => {
    const dax = node(kernel);
    const [first, second] = [dax.opener(), dax.opener()];
    const told = () => daxOf(dax.made).conditions;
    dax.unbind();
    expect(told()).toEqual([]);
    dax.bind();
    expect(told()).toMatchObject([{ type: 'cdev_miscounted' }]);
    dax.close(first);
    const lost = 'the cdev of dax0.0 has lost the reference of device_dax';
    expect(told()).toEqual([
      {
        type: 'cdev_released',
        detail: `${lost}, which a close took that had opened it before the last bind: unbind and bind give it another`,
      },
    ]);
    dax.close(second);
    expect([dax.refs(), told()]).toEqual(['saturated', []]);
    dax.unbind();
    expect([dax.bind(), told(), dax.open()]).toEqual(['ok', [], 'ok']);
  });

  test('[CDEV4] [S17] where no unbind returns any more a reboot alone helps, also where that comes later', () => {
    const dax = node(kernel);
    const [first] = [dax.opener(), dax.opener()];
    dax.unbind();
    dax.bind();
    dax.close(first);
    const { made } = dax;
    addDevice(made, { name: 'dax1.0', mode: 'devdax' });
    const own = { type: 'open_file', dax_device: 'dax1.0', flags: ['rdwr'] } as const;
    made.run({ ...own, pid: addProcess(made) });
    removeDevice(made, { dax_device: 'dax1.0', via: 'device_dax' });
    const pid = addProcess(made);
    const { id: open_file } = returned(made.run({ ...own, pid }));
    made.run({ type: 'create_mapping', open_file, pid, ...MAP });
    expect(made.host.tables.hosts.get('h')?.stuck).toEqual(['dax_srcu']);
    expect(daxOf(made).conditions).toMatchObject([
      {
        type: 'cdev_released',
        detail: expect.stringMatching(/: a reboot alone gives it another$/) as string,
      },
    ]);
    expect(dax.unbind().state).toBe('stuck');
    expect(daxOf(made).conditions).toHaveLength(1);
    made.run({ type: 'reboot' });
    expect(daxOf(made).conditions).toEqual([]);
  });

  test('[S19] an unbind over a count of 0 saturates it, then anybody opens it, and a bind makes it new', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    dax.bind();
    dax.close(first);
    const { state, report } = dax.unbind();
    expect([state, report.kernel_log]).toEqual(['completed', ['refcount_t: underflow; use-after-free.']]);
    const second = dax.opener();
    expect(dax.refs()).toBe('saturated');
    expect([dax.mapBy(second), dax.bind(), dax.refs(), dax.map()]).toEqual(['kernel_oops', 'ok', 1, 'ok']);
  });

  test('[S19] the warning of an underflow comes once until a reboot', () => {
    const dax = node(kernel);
    for (const times of [1, 0]) {
      const first = dax.opener();
      dax.unbind();
      dax.bind();
      dax.close(first);
      expect(dax.unbind().report.kernel_log).toHaveLength(times);
      dax.bind();
    }
    dax.made.run({ type: 'reboot' });
    expect(dax.cdev()).toEqual([{ instance: 2, refs: 1, opens: 0, dangling: false }]);
    expect(dax.made.host.tables.hosts.get('h')).toMatchObject({ underflow_warned: false });
  });

  test('[S20] the last close of a deleted node that was open at a bind ends in a corrupted list', () => {
    const { dax, first, outcome } = corrupted(kernel);
    expect(outcome).toMatchObject({
      result: 'kernel_oops',
      kernel_oopses: [{ at: expect.stringMatching(/^__list_del_entry_valid/) as string, task: 'process' }],
      kernel_log: ['list_del corruption'],
    });
    const { host } = dax.made;
    expect(host.tables.processes.get(String(first.pid))).toMatchObject({ state: 'oopsed' });
    expect(host.tables.hosts.get('h')).toMatchObject({ stuck: ['cdev_lock'] });
    expect(dax.cdev()).toEqual([{ instance: 2, refs: 1, opens: 0, dangling: false }]);
  });

  test('[CDEV2] then opens of nodes and the last reference of a cdev spin, and nothing else is told', () => {
    const { dax, others } = corrupted(kernel);
    const { made } = dax;
    const [opens, maps, other] = others.map((pid) => pid);
    expect([dax.open(opens), dax.map(maps), dax.kill(other!)]).toEqual([
      ...['blocked', 'blocked', 'outcome_unknown'],
    ]);
    const { state, steps } = dax.unbind();
    expect([state, steps.find((step) => step.state === 'running')]).toMatchObject([
      'stuck',
      { name: 'cdev_del', result: { spins_in: 'cdev_purge' } },
    ]);
    expect(made.run({ type: 'reboot' })).toMatchObject({ stuck: [], health: 'ok' });
  });
});
