import { expect, test } from 'vitest';
import { ext4, xfs } from './rig.ts';
import { addProcess, removeDevice } from './support.ts';

test.each(['unlinked', 'freeing'] as const)('a reboot frees an inode without a name: %s', (state) => {
  for (const rig of [ext4('v6.12'), xfs('v6.12')]) {
    const { made } = rig;
    const kept = rig.file('/kept');
    rig.mapper({ touched: 'write' });
    const file = rig.file();
    made.run({ type: 'open_file', pid: addProcess(made), file, flags: ['rdwr'] });
    made.run({ type: 'unlink', file });
    if (state === 'freeing') {
      removeDevice(made);
      for (const { pid: user } of [...made.host.tables.processes.values()])
        made.run({ type: 'exit_process', pid: user });
    }
    expect(made.host.tables.files.get(file)?.state).toBe(state);
    made.run({ type: 'reboot' });
    expect([made.host.tables.files.has(file), made.host.entries.has(file)]).toEqual([false, false]);
    expect(made.host.tables.files.get(kept)?.state).toBe('linked');
  }
});
