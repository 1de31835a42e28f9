import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createControlPlane, type ControlPlane } from '../../src/app/control_plane.ts';
import { seedDemo } from '../../src/app/demo.ts';
import { INCIDENT_HOST } from '../../src/app/demo_incident.ts';
import type { Exported } from '../../src/app/listing_job.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import type { ListQuery } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { REPOSITORY } from '../client/child_service.ts';
import { listed } from '../support/listed.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the demo fleet', () => {
  let directory: string;
  let controlPlane: ControlPlane;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'daxplane-demo-'));
    const onFatal = (error: Error): void => {
      throw error;
    };
    controlPlane = createControlPlane(
      await openSqliteStore({ path: join(directory, 'demo.db'), onFatal }),
      SILENT,
    );
    await controlPlane.start();
  });
  afterEach(async () => {
    await controlPlane.close();
    await rm(directory, { recursive: true, force: true });
  });

  test('has one host per kernel profile, each with a mounted ext4 and xfs that two processes map', async () => {
    expect(await seedDemo(controlPlane)).toBe(true);
    expect(await idsOf('hosts', 'name')).toEqual([
      ...KERNEL_NAMES.map((kernel) => `node-${kernel}`),
      INCIDENT_HOST,
    ]);
    for (const kernel of KERNEL_NAMES) {
      const host = `node-${kernel}`;
      expect(await idsOf('mounts', 'fs_type', host)).toEqual(['ext4', 'xfs']);
      expect(await idsOf('mappings', 'pid', host)).toEqual([101, 102, 201, 202]);
      expect(await idsOf('dax_devices', 'state', host)).toEqual(['bound', 'bound']);
    }
  });

  test('has one host with something in every list of what goes wrong', async () => {
    await seedDemo(controlPlane);
    expect(await idsOf('exposures', 'pid', INCIDENT_HOST)).toEqual([101]);
    expect(await idsOf('exposures', 'open', INCIDENT_HOST)).toEqual([true]);
    expect(await idsOf('memory_ranges', 'leaked', INCIDENT_HOST)).toEqual([true]);
    expect(await idsOf('cxl_memdevs', 'name', INCIDENT_HOST)).toEqual(['mem0']);
    expect(await idsOf('cxl_regions', 'decode_state', INCIDENT_HOST)).toEqual(['commit']);
    expect(await idsOf('pins', 'holder', INCIDENT_HOST)).toEqual(['xdp']);
    const poisoned = await idsOf('dax_devices', 'hwpoisoned', INCIDENT_HOST);
    expect(poisoned.filter((ranges) => (ranges as unknown[]).length > 0)).toHaveLength(1);
    expect(await idsOf('removals', 'verdict', INCIDENT_HOST)).toEqual(['exposed', 'leaked']);
  });

  test('is made on an empty database only', async () => {
    await controlPlane.submit({
      host: 'mine',
      command: { type: 'create_host', name: 'mine', kernel: 'v6.12' },
    });
    expect(await seedDemo(controlPlane)).toBe(false);
    expect(await idsOf('hosts', 'name')).toEqual(['mine']);
  });

  test.each([1, 12, 40, 80])('is made anew where a crash came after command %i of it', async (commands) => {
    let left = commands;
    await crash(() => (left -= 1) < 0);
    expect(await seedDemo(controlPlane)).toBe(true);
    expect((await idsOf('hosts', 'name')).toSorted()).toEqual(
      [...KERNEL_NAMES.map((kernel) => `node-${kernel}`), INCIDENT_HOST].toSorted(),
    );
    expect(await idsOf('hosts', 'labels')).toEqual(Array(KERNEL_NAMES.length + 1).fill({ demo: 'true' }));
    expect(await idsOf('mappings', 'pid')).toHaveLength(4 * KERNEL_NAMES.length + 3);
    expect(await seedDemo(controlPlane)).toBe(false);
  });

  test('is made anew where a crash came while it was said that it is whole', async () => {
    let left = 3;
    await crash(({ type }) => type === 'patch_host' && (left -= 1) < 0);
    expect(await seedDemo(controlPlane)).toBe(true);
    expect(await idsOf('hosts', 'labels')).toEqual(Array(KERNEL_NAMES.length + 1).fill({ demo: 'true' }));
    expect(await idsOf('mappings', 'pid')).toHaveLength(4 * KERNEL_NAMES.length + 3);
    expect(await seedDemo(controlPlane)).toBe(false);
  });

  test("what a user made meanwhile, or took the fleet's label from, is no rest of a crash", async () => {
    let left = 12;
    await crash(() => (left -= 1) < 0);
    const run = async (host: string, command: Command): Promise<void> => {
      expect(await controlPlane.submit({ host, command })).toMatchObject({ status: 'done' });
    };
    for (const name of ['mine', INCIDENT_HOST]) {
      await run(name, { type: 'create_host', name, kernel: 'v6.12' });
      await run(name, { type: 'create_process', pid: 1, comm: 'mine' });
    }
    await run('node-v6.1', { type: 'patch_host', labels: {} });
    await run('node-v6.12', { type: 'delete_host' });
    const mine = ['mine', INCIDENT_HOST, 'node-v6.1'];
    const get = (): Promise<unknown> =>
      Promise.all(mine.map((name) => controlPlane.get('hosts', name, name)));
    const before = await get();
    expect(await seedDemo(controlPlane)).toBe(true);
    expect(await get()).toEqual(before);
    for (const name of mine.slice(0, 2)) expect(await idsOf('processes', 'comm', name)).toEqual(['mine']);
    const others = KERNEL_NAMES.filter((kernel) => kernel !== 'v6.1');
    for (const kernel of others) {
      const name = `node-${kernel}`;
      expect(await controlPlane.get('hosts', name, name)).toMatchObject({ labels: { demo: 'true' } });
      expect(await idsOf('mappings', 'pid', name)).toHaveLength(4);
    }
  });

  test('keeps the numbers of the listings, also those past 2^53', async () => {
    await seedDemo(controlPlane);
    const listing = await readFile(join(REPOSITORY, 'demo/ndctl-list-v6.12.json'), 'utf8');
    const [isetId = ''] = /"iset_id": \d+/.exec(listing) ?? [];
    const { text } = (await controlPlane.exportInventory('node-v6.12', 'ndctl')) as Exported;
    expect(Buffer.from(text).toString()).toContain(isetId.slice('"iset_id": '.length));
  });

  /** Seeds the fleet up to the command at which the process ends. */
  async function crash(isDue: (command: Pick<Command, 'type'>) => boolean): Promise<void> {
    const onTheirWay: Promise<unknown>[] = [];
    let hasCrashed = false;
    const submit: ControlPlane['submit'] = async (submission) => {
      hasCrashed ||= isDue(submission.command);
      if (hasCrashed) throw new Error('crashed');
      const submitted = controlPlane.submit(submission);
      onTheirWay.push(submitted);
      return submitted;
    };
    await expect(seedDemo({ ...controlPlane, submit })).rejects.toThrow('crashed');
    await Promise.all(onTheirWay);
  }

  async function idsOf(kind: ListQuery['kind'], field: string, host?: string): Promise<unknown[]> {
    const page = await controlPlane.list({
      kind,
      filters: {},
      limit: 100,
      ...(host === undefined ? {} : { host }),
    });
    return listed<Record<string, unknown>>(page).map((record) => record[field]);
  }
});
