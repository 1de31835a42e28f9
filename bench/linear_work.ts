import { ask } from '../src/engine/ask.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane, type ControlPlane } from '../src/app/control_plane.ts';
import { openSqliteStore } from '../src/runtime/sqlite_store.ts';
import { build, removeWhole, run } from './engine.ts';
import { crowd, GIB, holed, memories, pinnedCrowd } from './fleet.ts';
import { median, milliseconds, ratio } from './print.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ROUNDS = 5;
const TIMES = 10;

/** Milliseconds of CPU that work on so many records takes. */
type Cpu = (records: number, round: number) => Promise<number>;

/**
 * Ten times the records beside ten times the work: CPU of exit, of a removal that kills, of a question for holders,
 * of an access over holes and of a reboot, with 400 and 4 000 of them in the engine, and of a listing of 1 000 and 10 000 devices from its text to the commit. 1 is linear.
 */
export async function benchLinearWork(): Promise<void> {
  await againstLinear('exit of a process with 4 000 mappings to 400', 400, exit);
  await againstLinear('removal that kills 4 000 processes to 400', 400, kill);
  await againstLinear('the same with a pin each', 400, killPinned);
  await againstLinear('holders of 4 000 mappings to 400', 400, survey);
  await againstLinear('access over 4 000 holes to 400', 400, fill);
  await againstLinear('reboot of 4 000 devices of system RAM to 400', 400, reboot);
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-bench-'));
  const fail = (error: Error): void => {
    throw error;
  };
  const store = await openSqliteStore({ path: join(directory, 'bench.db'), onFatal: fail });
  const controlPlane = createControlPlane(store, SILENT);
  try {
    await againstLinear('import of 10 000 devices to 1 000', 1_000, importsOf(controlPlane));
  } finally {
    await controlPlane.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Medians of rounds in turn, so that a busy machine and a cold compiler hit both. */
async function againstLinear(label: string, few: number, cpu: Cpu): Promise<void> {
  const spent: Record<'few' | 'many', number[]> = { few: [], many: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    spent.few.push(await cpu(few, round));
    spent.many.push(await cpu(few * TIMES, round));
  }
  ratio(`${label}, CPU to linear`, median(spent.many), TIMES * median(spent.few), milliseconds);
}

const exit: Cpu = (mappings) => {
  const host = build(crowd('bench', mappings, 'one'));
  return cpuOf(() => {
    run(host, { type: 'exit_process', pid: 1 });
  });
};

const kill: Cpu = (mappings) => {
  const host = build(crowd('bench', mappings, 'each'));
  return cpuOf(() => {
    removeWhole(host);
  });
};

const killPinned: Cpu = (mappings) => {
  const host = build(pinnedCrowd('bench', mappings));
  return cpuOf(() => {
    removeWhole(host);
  });
};

const survey: Cpu = (mappings) => {
  const host = build(pinnedCrowd('bench', mappings, 'handled'));
  return cpuOf(() => {
    ask(host, { type: 'survey_holders', dax_device: 'pmem0' }, { now: '', uid: () => '' });
  });
};

const fill: Cpu = (holes) => {
  const host = build(holed('bench', holes));
  return cpuOf(() => {
    run(host, { type: 'access', mapping: 'v4', kind: 'write', offset: 0, length: 2 * holes * 4096 });
  });
};

const reboot: Cpu = (devices) => {
  const host = build(memories('bench', devices));
  return cpuOf(() => {
    run(host, { type: 'reboot' });
  });
};

function importsOf(controlPlane: ControlPlane): Cpu {
  return async (devices, round) => {
    const host = `listed-${String(devices)}-${String(round)}`;
    await controlPlane.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
    const text = listingOf(devices);
    return cpuOf(async () => {
      const imported = await controlPlane.importInventory({ host, bytes: Buffer.from(text) });
      if (imported.status !== 'done') throw new Error(`the import failed: ${imported.status}`);
    });
  };
}

/** As `daxctl list` prints devices of known address. */
function listingOf(devices: number): string {
  const items = Array.from({ length: devices }, (_, at) => ({
    chardev: `dax${String(at)}.0`,
    size: GIB,
    target_node: 1,
    align: 2097152,
    mode: 'devdax',
    mappings: [{ page_offset: 0, start: (at + 1) * GIB, end: (at + 2) * GIB - 1, size: GIB }],
  }));
  return JSON.stringify(items);
}

async function cpuOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
