/** Creates processes as fast as it can, and prints the pid of each that was acknowledged, until it is killed. */
import { openSqliteStore } from '../../../src/runtime/sqlite_store.ts';

const store = await openSqliteStore({ path: process.argv[2] ?? '', onFatal: () => process.exit(1) });
await store.submit({ host: 'node-a', command: { type: 'create_host', name: 'node-a', kernel: 'v6.12' } });
let next = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (;;) {
      next += 1;
      const pid = next;
      const submitted = await store.submit({
        host: 'node-a',
        command: { type: 'create_process', pid, comm: 'load' },
      });
      if (submitted.status === 'done') process.stdout.write(`${pid}\n`);
    }
  }),
);
