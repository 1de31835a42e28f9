import { describe, expect, test } from 'vitest';
import { begin } from '../../src/engine/model/transaction.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { nodeWords } from '../../src/engine/questions/node_words.ts';
import { importing } from './importing.ts';
import { daxOf, lastMapping, node } from './node_rig.ts';
import { DAX } from './rig.ts';
import { access, addProcess, found, outcomeOf, steadyContext } from './support.ts';

/** A node that is open dangles from now on, and is deleted: the next one is another. */
function renew(dax: ReturnType<typeof node>): void {
  dax.unbind();
  dax.bind();
  dax.unbind('dax_pmem');
  dax.bind('dax_pmem');
}

/** What each holder of the node is told, by its kind. */
function holders(dax: ReturnType<typeof node>) {
  const { items } = dax.made.ask({ type: 'survey_holders', dax_device: DAX });
  return items.map(({ kind, consequence, detail }) => `${kind} ${String(consequence)}: ${detail}`);
}

const UNDERFLOW = 'refcount_t: underflow; use-after-free.';

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[S21] an old mapping is SIGBUS while kmem has the device, and an exposure once device_dax has it again', () => {
    const dax = node(kernel);
    const first = dax.opener();
    expect(dax.mapBy(first)).toBe('ok');
    const mapping = lastMapping(dax.made);
    const met = () => {
      const { result, si_code, data_of } = access(dax.made, mapping, 'write');
      return [result, si_code, data_of?.tenant ?? null, dax.made.host.open_exposures.windows.has(mapping)];
    };
    expect(met()).toEqual(['ok', null, null, false]);
    dax.made.run({ type: 'patch_host', auto_online_blocks: 'offline' });
    dax.unbind();
    dax.made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
    expect(met()).toEqual(['signal', 'BUS_ADRERR', null, false]);
    dax.unbind('kmem');
    dax.made.run({ type: 'bind', dax_device: DAX, mode: 'devdax', tenant: 'next' });
    expect(met()).toEqual(['ok', null, 'next', true]);
    expect(daxOf(dax.made)).toMatchObject({ instance: 1, cdevs: [{ refs: 1, opens: 1, dangling: true }] });
  });

  test('[S20] of a node that nobody has open any more kdevtmpfs dies, and the unbind of the parent hangs', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    dax.bind();
    dax.close(first);
    const { state, verdict, steps } = dax.unbind('dax_pmem');
    const { name, result } = found(steps.at(-1));
    expect([state, verdict, name, result]).toEqual([
      ...['stuck', 'unsafe', 'unregister_dev_dax'],
      { hangs_in: 'devtmpfs_delete_node' },
    ]);
    const host = found(dax.made.host.tables.hosts.get('h'));
    expect(host).toMatchObject({ health: 'oopsed', stuck: ['cdev_lock'] });
  });

  test('[S20] a close(2) of the last kills its task', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    dax.bind();
    dax.unbind('dax_pmem');
    const { result, process_alive, end } = dax.close(first);
    expect([result, process_alive, end]).toEqual(['kernel_oops', false, { killed_by: 'SIGKILL' }]);
  });

  test('[S20] [EVICT2] an exit closes descriptors before what it maps, and what is behind the oops stays', () => {
    const dax = node(kernel);
    const { pid, open_file } = dax.opener();
    dax.mapBy({ pid, open_file });
    dax.close({ open_file });
    renew(dax);
    expect([dax.open(pid), dax.map(pid), dax.refs()]).toEqual(['ok', 'ok', 3]);
    const { kernel_log } = outcomeOf(dax.made.run({ type: 'exit_process', pid }));
    expect([kernel_log.at(-1), dax.refs()]).toEqual(['list_del corruption', 2]);
    const { open_files, mappings } = dax.made.host.tables;
    const { instance } = daxOf(dax.made);
    expect([[...open_files.values()], [...mappings.values()]]).toMatchObject([
      [],
      [{ pid, device_instance: instance }],
    ]);
  });

  test('[CDEV2] who dies in a close spins where its exit gives up a last reference', () => {
    const dax = node(kernel);
    const first = dax.opener();
    renew(dax);
    dax.opener(first.pid);
    dax.unbind();
    expect([dax.refs(), dax.close(first)]).toMatchObject([
      1,
      { result: 'kernel_oops', blocked_in: 'cdev_purge', kernel_log: [UNDERFLOW, 'list_del corruption'] },
    ]);
    expect(dax.refs()).toBe(0);
    expect(dax.made.host.tables.processes.get(String(first.pid))).toMatchObject({ state: 'blocked' });
  });

  test('[CDEV2] and where it evicts another inode that dangles', () => {
    const dax = node(kernel);
    const first = dax.opener();
    for (const pid of [first.pid, null]) {
      renew(dax);
      if (pid !== null) dax.opener(pid);
    }
    expect(dax.close(first)).toMatchObject({ result: 'kernel_oops', blocked_in: 'cd_forget' });
  });

  test('[CDEV2] an unbind that gives up no last reference, and what asks for no node, is not told', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    dax.bind();
    dax.unbind('dax_pmem');
    dax.bind('dax_pmem');
    const [second, third] = [dax.opener(), addProcess(dax.made)];
    dax.made.run({ type: 'exit_process', pid: first.pid });
    expect(dax.refs()).toBe(2);
    const asked = [
      { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind', via: 'device_dax' },
      { type: 'bind', dax_device: DAX },
      { type: 'close_file', open_file: second.open_file },
      { type: 'open_file', dax_device: 'pmem9', pid: third, flags: ['rdwr'] },
    ] as const;
    for (const command of asked) expect(dax.made.try(command)).toMatchObject({ code: 'outcome_unknown' });
    dax.made.run({ type: 'patch_dax_device', dax_device: DAX, tenant: 'a' });
  });

  test('[CDEV3] a removal that leaves the node open says who has it, and what a newcomer sets off', () => {
    const dax = node(kernel);
    const { pid } = dax.opener();
    expect(dax.unbind()).toMatchObject({
      verdict: 'contained',
      hazards: [{ kind: 'open_node', pid, triggered_by: ['mmap'], source: 'S14, S15, S17' }],
    });
  });

  test('[CDEV3] so does one whose count is saturated; not one that nobody has open, or whose node is gone', () => {
    const dax = node(kernel);
    expect(dax.unbind().hazards).toEqual([]);
    dax.bind();
    const first = dax.opener();
    dax.unbind();
    dax.bind();
    dax.close(first);
    expect(dax.unbind().hazards).toMatchObject([{ kind: 'open_node', pid: null }]);
    const other = node(kernel);
    other.opener();
    expect(other.unbind('dax_pmem').hazards).toEqual([]);
  });

  test('[HOLD7] who has the node open is a holder, told what a new open and its mmap get', () => {
    const dax = node(kernel);
    const { pid } = dax.opener();
    const [process, opened] = holders(dax);
    expect(process).toMatch(/^process survives: no signal; its exit: ok/);
    const oops = `the kernel oopses in ${kernel === 'v7.3' ? '__' : ''}check_vma`;
    expect(opened).toBe(`open_file survives: mmap: ENXIO; who opens the node anew: open: ok, mmap: ${oops}`);
    dax.unbind('dax_pmem');
    expect(holders(dax)[1]).toBe('open_file survives: mmap: ENXIO; who opens the node anew: open: ENOENT');
    dax.bind('dax_pmem');
    dax.made.run({ type: 'exit_process', pid });
    expect(holders(dax)).toEqual([]);
  });
});

test('[HOLD7] a descriptor that a removal closes with its process is told so', () => {
  const dax = node('force-unmap');
  dax.made.run({ type: 'patch_host', proposed: { devdax_memory_failure: true } });
  const pid = addProcess(dax.made, { sigbus: 'default', mce_kill: 'early' });
  dax.opener(pid);
  dax.map(pid);
  access(dax.made, lastMapping(dax.made), 'write');
  expect(holders(dax)).toContain('open_file forced: closed with its process');
});

test('[CDEV1] a listing that shows another driver, or none, binds and unbinds unseen', () => {
  const dax = node('v6.12');
  dax.opener();
  const listed = (more: object) => {
    dax.made.run(importing([{ name: DAX, mode: 'devdax', size: null, change: 'updated', ...more }]));
    return dax.cdev();
  };
  expect(listed({ state: 'unbound' })).toMatchObject([{ instance: 1, refs: 1, opens: 1, dangling: false }]);
  expect(listed({ state: 'bound' })).toMatchObject([{ instance: 1, refs: 1, opens: 1, dangling: true }]);
  const [deleted] = listed({ state: 'unbound', parent_bound: false });
  expect(deleted).toMatchObject({ instance: 1, dangling: true });
});

test('[WI1] on another kernel its processes have opened the node anew, behind a boot', () => {
  const dax = node('v6.12');
  const first = dax.opener();
  dax.unbind();
  dax.bind();
  dax.close(first);
  const compared = dax.made.ask({ ...COMPARED, dax_device: DAX });
  expect(compared.items).toMatchObject([
    { kernel: 'v6.12', state: 'stuck' },
    { kernel: 'v7.3', state: 'completed' },
  ]);
  dax.made.run({ type: 'create_dax_device', name: 'dax1.0', mode: 'system-ram', size: 256 * 2 ** 20 });
  const memory = dax.made.ask({ ...COMPARED, dax_device: 'dax1.0' });
  expect(memory.items).toMatchObject([{ kernel: 'v6.12' }, { kernel: 'v7.3', state: 'completed' }]);
});

const COMPARED = {
  type: 'compare_removals',
  trigger: 'unbind',
  via: 'dax_pmem',
  kernels: ['v6.12', 'v7.3'],
} as const;

test('[S18] of a node that is gone a descriptor maps nothing, whatever the device is by now', () => {
  const dax = node('v6.12');
  const first = dax.opener();
  dax.unbind('dax_pmem');
  dax.made.run({ type: 'bind', dax_device: DAX, mode: 'fsdax' });
  expect(dax.mapBy(first, { length: 2 ** 30 })).toBe('ENXIO');
});

test('a node that lives is opened and mapped', () => {
  const dax = node('v6.12');
  const { open_file } = dax.opener();
  const told = found(dax.made.host.tables.open_files.get(open_file));
  expect(nodeWords(begin(dax.made.host, steadyContext()), told)).toBe(
    'mmap: ok; who opens the node anew: open: ok, mmap: ok',
  );
});
