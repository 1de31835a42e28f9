import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readExemptions } from './exemptions.ts';
import { play } from './play.ts';
import { readRecordings, type Observed, type ObservedProcess, type Recorded } from './recording.ts';
import { differenceLine, differences } from './report.ts';
import { startService } from './service.ts';

/**
 * Shapes of recordings that are not published, made from published siblings and the rows that tell their answers:
 * the harness has to read them, and the service to answer them.
 */
const folder = fileURLToPath(new URL('recordings', import.meta.url));
const recordings = new Map(readRecordings(folder).map((recorded) => [recorded.name, recorded]));

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

function sibling(
  of: string,
  name: string,
  given: object,
  observe: (observed: Observed) => Partial<Observed>,
): Recorded {
  const published = recordings.get(of);
  if (published === undefined) throw new Error(`no recording ${of}`);
  const { recording } = published;
  const observed = { ...recording.observed, ...observe(recording.observed ?? {}) };
  return {
    ...published,
    name,
    recording: { ...recording, given: { ...recording.given, ...given }, observed },
  };
}

async function differencesOf(recorded: Recorded): Promise<readonly string[]> {
  const played = await play(recorded, service.call, readExemptions());
  expect(played.observations.length).toBeGreaterThan(0);
  return differences([played], 'core').map(differenceLine);
}

describe.each(['5.10', '6.1', '6.12'])('%s', (kernel) => {
  test('[R132] process_vm_readv of a stale PTE by another process: who reads spins, the other lives on', async () => {
    const operation = { ok: false, op: 'pvmread', blocked: true, state: 'R' };
    const recorded = sibling(
      `stale-op-ptrace-peek-pte@${kernel}`,
      `stale-op-process_vm_readv-pte@${kernel}`,
      { operation: 'process_vm_readv' },
      () => ({ operation }),
    );
    expect(await differencesOf(recorded)).toEqual([]);
  });
});

/** On raw the flush of the device fails, which is all that a clean file meets; a btt has no cache to flush. */
function onBtt(name: string, process: ObservedProcess): readonly [string, ObservedProcess] {
  const { fsync_fd, ...rest } = process.on_access ?? {};
  if (fsync_fd?.errno !== 'EIO') return [name, process];
  return [name, { ...process, on_access: { ...rest, fsync_fd: { ok: true, op: 'fsync' } } }];
}

test('[R101] sector on v6.1: fsync of a clean file is ok, of one that was written to EROFS', async () => {
  const recorded = sibling(
    'pagecache-raw-ext4-unbind@6.1',
    'pagecache-sector-ext4-unbind@6.1',
    { namespace: { mode: 'sector (btt)' } },
    ({ processes = {} }) => ({
      processes: Object.fromEntries(Object.entries(processes).map(([name, process]) => onBtt(name, process))),
    }),
  );
  const met = Object.values(recorded.recording.observed?.processes ?? {}).flatMap(({ on_access }) => {
    const { fsync_fd } = on_access ?? {};
    return fsync_fd === undefined ? [] : [fsync_fd.errno ?? 'ok'];
  });
  expect(new Set(met)).toEqual(new Set(['ok', 'EROFS']));
  expect(await differencesOf(recorded)).toEqual([]);
});

test('a pin that a removal waits for goes with its process, by SIGKILL', async () => {
  const recorded = sibling(
    'pin-devdax-vmsplice-drop@5.10',
    'pin-devdax-vmsplice-kill@5.10',
    { release: 'kill' },
    () => ({ release: { SIGKILL: { killed_by: 'SIGKILL' }, state: null } }),
  );
  expect(await differencesOf(recorded)).toEqual([]);
});

test('[M75] memory that comes online by itself: the tool takes it offline before it gives the device another mode', async () => {
  const recorded = sibling(
    'kmem-unbind-offlined-first@6.1',
    'kmem-unbind-auto-movable-offlined-first@6.1',
    { auto_online_blocks: { kernel_default: 'offline', during_the_scenario: 'online_movable' } },
    () => ({}),
  );
  expect(await differencesOf(recorded)).toEqual([]);
});
