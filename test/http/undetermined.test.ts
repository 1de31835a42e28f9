import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestAnswer, type TestBody, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const HOST = '/v1/hosts/h';
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const MAPPED = '2MiB';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

async function must(method: Method, url: string, body?: unknown): Promise<TestBody> {
  const { status, text, json } = await server.call(method, url, body);
  if (status >= 300) throw new Error(`${method} ${url}: ${text}`);
  return json;
}

/** A host of that release with a device, and a process that has stored into what it maps of it. */
async function mappedOn(kernel_release: string, fs: object | null, more: object = {}): Promise<string> {
  await must('POST', '/v1/hosts', { name: 'h', kernel_release });
  const mode = fs === null ? 'devdax' : 'fsdax';
  await must('POST', `${HOST}/dax-devices`, { name: 'pmem0', mode, size: '1GiB' });
  await must('POST', `${HOST}/processes`, { pid: 42, comm: 'redis', ...more });
  const asked = { pid: 42, offset: 0, length: MAPPED, flags: ['shared'], prot: 'rw', populate: 'write' };
  if (fs === null) return (await must('POST', `${HOST}/mappings`, { ...asked, dax_device: 'pmem0' })).id;
  const told = { dax_device: 'pmem0', path: '/mnt', dax: 'always', mkfs: true, ...fs };
  const mount = await must('POST', `${HOST}/mounts`, told);
  const file = await must('POST', `${HOST}/files`, { mount: mount.id, path: '/mnt/a', size: MAPPED });
  return (await must('POST', `${HOST}/mappings`, { ...asked, file: file.id })).id;
}

function unbind(query = ''): Promise<TestAnswer> {
  const url = `${HOST}/dax-devices/pmem0/remove${query}`;
  return server.call('POST', url, { trigger: 'unbind' }, { prefer: 'wait=60' });
}

function ended({ status, json }: TestAnswer): unknown[] {
  return [status, json.state, json['verdict'], json['depends_on']];
}

interface Dependence {
  readonly fact: string;
  readonly probes: readonly string[];
  readonly values: readonly { readonly value: string; readonly [member: string]: unknown }[];
}

/** What an answer depends on, by fact. */
function dependsOn({ json }: Pick<TestAnswer, 'json'>): Map<string, Dependence> {
  const told = (json['depends_on'] ?? []) as readonly Dependence[];
  return new Map(told.map((each) => [each.fact, each]));
}

async function fileId(): Promise<string> {
  return (await must('GET', `${HOST}/files`)).items[0]!.id;
}

describe('6.8', () => {
  test('[UNK3] a removal reads no fact that is open: it is answered as on any kernel', async () => {
    await mappedOn('6.8.0', { fs_type: 'xfs', rmapbt: true, agcount: 1 });
    expect(ended(await unbind())).toEqual([200, 'completed', 'contained', undefined]);
  });

  test('[UNK4] where only the function differs that oopses, the outcome is told without it', async () => {
    const mapping = await mappedOn('6.8.0', null);
    const pin = { pid: 42, mapping, offset: 0, length: 4096, kind: 'longterm', holder: 'xdp' };
    const { id } = await must('POST', `${HOST}/pins`, pin);
    expect(ended(await unbind())).toEqual([200, 'completed', 'exposed', undefined]);
    const unpinned = await server.call('DELETE', `${HOST}/pins/${id}`);
    expect([unpinned.status, unpinned.json['result'], unpinned.json['kernel_oopses']]).toEqual([
      200,
      'kernel_oops',
      [{ at: null, task: 'worker' }],
    ]);
    const { values } = dependsOn(unpinned).get('worker_oops_at.xdp')!;
    expect(values.map(({ value, kernel_oopses }) => [value, kernel_oopses])).toEqual([
      ['unpin_user_pages_dirty_lock', ['unpin_user_pages_dirty_lock']],
      ['gup_folio_next', ['gup_folio_next']],
    ]);
    expect((await must('GET', HOST))['health']).toBe('oopsed');
  });

  test('[UNK8] Ubuntu may have taken a fix: with both values, and nothing is done', async () => {
    await mappedOn('6.8.0-31-generic', { fs_type: 'ext4' });
    const before = (await must('GET', '/v1/events')).as_of;
    const refused = await unbind();
    expect([refused.status, refused.json.code]).toEqual([409, 'undetermined']);
    const shuts = dependsOn(refused).get('steps.del_gendisk.shuts_fs_down')!;
    expect(shuts.values.map(({ value, verdict, differs }) => [value, verdict, differs])).toEqual([
      ['false', 'exposed', expect.arrayContaining(['/report/file_systems/0/result'])],
      ['true', 'exposed', expect.arrayContaining(['/report/file_systems/0/result'])],
    ]);
    expect(shuts.probes.join()).toContain('fs_bdev_mark_dead');
    expect((await must('GET', '/v1/events')).as_of).toBe(before);
  });
});

describe('5.15', () => {
  test('[UNK8] whether poison is counted is open, and whether a dead ext4 aborts its journal', async () => {
    const mapping = await mappedOn('5.15.150', { fs_type: 'ext4' });
    const poison = { offset: 0, length: 4096, kind: 'madvise_hwpoison' };
    const poisoned = await server.call('POST', `${HOST}/mappings/${mapping}/access`, poison);
    expect([poisoned.status, poisoned.json.code, [...dependsOn(poisoned).keys()]]).toEqual([
      409,
      'undetermined',
      ['memory_failure.counts_dax'],
    ]);
    expect(ended(await unbind())).toEqual([200, 'completed', 'exposed', undefined]);
    const file = await fileId();
    const once_more = { pid: 42, file, offset: 0, length: 4096, flags: ['shared'], prot: 'r' };
    await must('POST', `${HOST}/mappings`, once_more);
    const sync = { pid: 42, kind: 'fsync', offset: 0, length: 4096 };
    const synced = await server.call('POST', `${HOST}/files/${file}/io`, sync);
    const { values } = dependsOn(synced).get('ext4_fsync_on_dead_device')!;
    expect([synced.status, values.map(({ value, errno }) => [value, errno])]).toEqual([
      409,
      [
        ['EIO', 'EIO'],
        ['EIO_aborts_journal', 'EIO'],
      ],
    ]);
  });
});

describe('6.6', () => {
  test('[UNK3] ext4 is shut down, and nothing of it is open', async () => {
    await mappedOn('6.6.30', { fs_type: 'ext4' });
    expect(ended(await unbind())).toEqual([200, 'completed', 'exposed', undefined]);
  });

  test('[UNK4] the worker that a pin of AF_XDP leaves oopses, in one of two functions', async () => {
    const mapping = await mappedOn('6.6.30', null);
    const pin = { pid: 42, mapping, offset: 0, length: 4096, kind: 'longterm', holder: 'xdp' };
    await must('POST', `${HOST}/pins`, pin);
    await unbind();
    const ended = await server.call('DELETE', `${HOST}/processes/42?dry_run=true`);
    expect([ended.json['process_alive'], ended.json['kernel_oopses']]).toEqual([
      false,
      [{ at: null, task: 'worker' }],
    ]);
    expect([...dependsOn(ended).keys()]).toEqual(['worker_oops_at.xdp']);
  });
});

describe('6.18', () => {
  test('[UNK3] xfs with rmapbt and one allocation group unmaps everything', async () => {
    await mappedOn('6.18.9', { fs_type: 'xfs', rmapbt: true, agcount: 1 });
    expect(ended(await unbind())).toEqual([200, 'completed', 'contained', undefined]);
  });

  test('[UNK8] whether the task that drops a pin of io_uring dies or hangs is open', async () => {
    const mapping = await mappedOn('6.18.9', null);
    const pin = { pid: 42, mapping, offset: 0, length: 4096, kind: 'longterm', holder: 'io_uring' };
    const { id } = await must('POST', `${HOST}/pins`, pin);
    expect(ended(await unbind())).toEqual([200, 'completed', 'exposed', undefined]);
    const dropped = await server.call('DELETE', `${HOST}/pins/${id}`);
    const [[fact, { values }]] = [...dependsOn(dropped)] as [[string, Dependence]];
    expect([dropped.status, fact, values.map(({ result }) => result)]).toEqual([
      409,
      'pin_release_after_removal.io_uring.drop',
      ['kernel_oops', 'kernel_oops'],
    ]);
    expect((await must('GET', `${HOST}/pins`)).items).toHaveLength(1);
  });
});

describe('RHEL 9', () => {
  test('[UNK11] an idle device ends alike on every kernel that it may be, by steps that it tells as far as they are known', async () => {
    await must('POST', '/v1/hosts', { name: 'h', kernel_release: RHEL_9 });
    await must('POST', `${HOST}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
    const dry = await unbind('?dry_run=true');
    const done = await unbind();
    expect([dry.status, done.status, done.json.state, done.json['verdict']]).toEqual([
      200,
      200,
      'completed',
      'contained',
    ]);
    const names = (done.json['steps'] as { name: string; state: string }[]).map(({ name, state }) => [
      name,
      state,
    ]);
    expect(names).not.toContainEqual(['dax_holder_notify_failure', 'done']);
    expect(names).toContainEqual(['kill_dax', 'done']);
    expect(dependsOn(done).has('lists.fsdax')).toBe(true);
    expect(done.json['steps']).toEqual(dry.json['steps']);
    expect((await must('GET', `/v1/removals/${done.json.id}`))['steps']).toEqual(done.json['steps']);
    expect((await must('GET', `${HOST}/dax-devices/pmem0`))['state']).toBe('unbound');
  });

  test('[UNK6] a dry run of a removal that ends in several ways is refused as the act; a comparison says what holds in any case', async () => {
    await mappedOn(RHEL_9, { fs_type: 'ext4' });
    const [dry, act] = [await unbind('?dry_run=true'), await unbind()];
    const { request_id: _one, ...refused } = dry.json;
    const { request_id: _other, ...same } = act.json;
    expect([dry.status, refused]).toEqual([409, same]);
    expect(dependsOn(dry).has('steps.del_gendisk.shuts_fs_down')).toBe(true);
    const asked = {
      host: 'h',
      dax_device: 'pmem0',
      trigger: 'unbind',
      kernels: ['v6.12'],
      kernel_releases: [RHEL_9],
    };
    const { items } = await must('POST', '/v1/comparisons', asked);
    const { verdict, hazards } = items.at(-1) as unknown as { verdict: string; hazards: { kind: string }[] };
    expect([verdict, hazards.map(({ kind }) => kind)]).toEqual([
      'exposed',
      ['stale_mapping', 'kernel_oops', 'unsafe_clean_up'],
    ]);
  });

  test('[UNK9] the assessment of a device, and its holders, tell what is the same in every world', async () => {
    await mappedOn(RHEL_9, { fs_type: 'xfs', rmapbt: true, agcount: 1 });
    const { items, summary } = (await must('GET', '/v1/assessment')) as TestBody & {
      summary: { undetermined: number };
    };
    const [assessed] = items;
    expect([assessed!['verdict'], summary.undetermined, assessed!['impact']]).toEqual([
      'undetermined',
      1,
      null,
    ]);
    expect(dependsOn({ json: assessed! }).has('lists.fsdax')).toBe(true);
    expect((await must('GET', '/v1/assessment?verdict=undetermined')).items).toHaveLength(1);
    const holders = await must('GET', `${HOST}/dax-devices/pmem0/holders`);
    expect([holders['state'], holders['verdict']]).toEqual(['undetermined', 'undetermined']);
    const mount = holders.items.find(({ kind }) => kind === 'mount')!;
    expect([mount['consequence'], mount['detail']]).toEqual([null, expect.stringContaining(', or: ')]);
  });

  test('probes settle it', async () => {
    await mappedOn(RHEL_9, { fs_type: 'ext4' });
    expect((await unbind()).json.code).toBe('undetermined');
    const symbols = {
      dax_holder_notify_failure: true,
      mf_dax_kill_procs: true,
      fs_bdev_mark_dead: true,
      fs_mark_dead: false,
      vmf_insert_folio_pmd: false,
    };
    const btf = { 'mf_flags.MF_MEM_PRE_REMOVE': true };
    await must('PATCH', HOST, { kernel_probes: { symbols, btf } });
    const { status, json } = await unbind();
    expect([status, json.state, json['verdict']]).toEqual([200, 'completed', 'exposed']);
  });
});
