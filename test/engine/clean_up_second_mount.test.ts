import { expect, test } from 'vitest';
import type { RemoveTrigger } from '../../src/engine/model/vocabulary.ts';
import { advice } from './imagine.ts';
import { ext4, type Rig } from './rig.ts';
import { addFile, addMapper, addMount, found, MIB, removeDevice } from './support.ts';

/** A second mount, of which a process maps a file, is detached; the first is still there. */
function detached(kernel: 'v5.10' | 'v6.12' | 'v7.3', lazy: 'before' | 'after', trigger: RemoveTrigger): Rig {
  const rig = ext4(kernel);
  const second = addMount(rig.made, { path: '/mnt/b', mkfs: false });
  addMapper(rig.made, { file: addFile(rig.made, second.id, '/e', 4 * MIB), touched: 'write' });
  const detach = () => rig.made.run({ type: 'umount', mount: second.id, lazy: true });
  if (lazy === 'before') detach();
  removeDevice(rig.made, { trigger });
  if (lazy === 'after') detach();
  return rig;
}

test.each(['v5.10', 'v6.12', 'v7.3'] as const)(
  '[CLEAN1, ADV10] with the last user of a detached mount its files are those of the other: %s',
  (kernel) => {
    for (const trigger of ['unbind', 'surprise_removal'] as const) {
      for (const lazy of ['before', 'after'] as const) {
        const { made } = detached(kernel, lazy, trigger);
        const [removal] = [...made.host.tables.removals.values()];
        const hazards = found(removal).hazards.map(({ kind }) => kind);
        if (lazy === 'before') expect(hazards).toContain('unsafe_clean_up');
        const { action, calls, verdict_then } = found(advice(made)[0]);
        expect(action).toBe(kernel === 'v7.3' ? 'reboot' : 'clean_up');
        if (action === 'reboot') continue;
        for (const call of calls!) {
          const answer = made.run(call);
          if ('result' in answer) expect(answer).toMatchObject({ result: 'ok' });
        }
        expect([made.host.tables.mounts.size, verdict_then]).toEqual([0, 'contained']);
      }
    }
  },
);
