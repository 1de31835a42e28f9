import { expect, test } from 'vitest';
import type { Host, Kind } from '../../src/engine/model/host.ts';
import { rowsOf } from '../../src/engine/model/mapping_table.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import type { Connection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { migrate } from '../../src/store/migrate.ts';
import { hostColumn, KINDS, revisionOf, wholeRecord } from '../../src/store/tables.ts';
import { uidText } from '../../src/store/uids.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  machine,
  PIPE,
  settle,
  type Machine,
} from '../engine/support.ts';
import { ram } from '../engine/ram.ts';
import { DAX } from '../engine/rig.ts';
import { before } from './support/before.ts';
import { storeHost } from './support/store_host.ts';

/** A removal that has begun and did no step yet, of a device that somebody maps and pins. */
function begun(kernel: KernelName, mode: 'fsdax' | 'devdax', by: 'ext4' | 'xfs' = 'ext4'): Machine {
  const made = machine(kernel, 1);
  addDevice(made, { mode });
  if (mode === 'fsdax') {
    const { id } = addMount(made, { fs_type: by, ...(by === 'xfs' ? { rmapbt: true } : {}) });
    addMapper(made, { file: addFile(made, id, '/a'), touched: 'cow', flags: ['private'] });
    addPin(made, addMapper(made, { file: addFile(made, id, '/b'), touched: 'write' }), PIPE);
  } else addPin(made, addMapper(made, { dax_device: DEVICE, touched: 'write' }), PIPE);
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  return made;
}

/** The same host once a version that stored no parameters has stored it, and the upgrade has loaded it. */
function upgraded({ events }: Machine): Host {
  const db = before(9);
  copyRows(stored({ events }), db);
  db.exec(`UPDATE removals SET record = json_set(record, '$.steps', (
    SELECT json_group_array(json_remove(value, '$.parameters')) FROM json_each(record, '$.steps')))`);
  migrate(db);
  return prepareLoad(db)('h');
}

/** The rows of a host as this version writes them. */
function stored({ events }: Pick<Machine, 'events'>): Connection {
  const db = new Sqlite(':memory:');
  migrate(db);
  storeHost(db, { events });
  return db;
}

/** Of each row what the other database has columns for, none where ours has it no more; that had the entries of an owner as doubles. */
function copyRows(from: Connection, to: Connection): void {
  const { entries } = prepareLoad(from)('h');
  for (const kind of KINDS) {
    const columns = to.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(kind);
    if (columns.length === 0) continue;
    const names = columns.map((column) => `"${column}"`).join(', ');
    const insert = to.prepare(`INSERT INTO ${kind} (${names}) VALUES (${columns.map(() => '?').join(', ')})`);
    for (const row of rowsBefore47(from, kind)) {
      const doubles = rowsOf(entries.get(row['id'] as string) ?? []);
      insert.run(
        ...columns.map((column) =>
          column === 'entries' ? Buffer.from(doubles.buffer) : (row[column] ?? null),
        ),
      );
    }
  }
}

/** Rows with the columns that a number of the host, halves of a uid and counts of a host were before. */
function rowsBefore47(from: Connection, kind: Kind): Record<string, unknown>[] {
  const host = `(SELECT h.id FROM hosts AS h WHERE h.key = r.${hostColumn(kind)}) AS host`;
  const former = [
    host,
    `${uidText('r')} AS uid`,
    `${revisionOf(kind, 'r')} AS revision`,
    `${wholeRecord(kind, 'r')} AS record`,
  ];
  return from
    .prepare<[], Record<string, unknown>>(`SELECT r.*, ${former.join(', ')} FROM ${kind} AS r ORDER BY r.key`)
    .all();
}

function withoutParameters({ steps, revision: _revision, ...removal }: RemovalRecord): object {
  return { ...removal, steps: steps.map(({ parameters: _parameters, ...step }) => step) };
}

const CASES = KERNEL_NAMES.flatMap((kernel) => [
  [kernel, 'fsdax', 'ext4'] as const,
  [kernel, 'fsdax', 'xfs'] as const,
  [kernel, 'devdax', 'ext4'] as const,
]);

test.each(CASES)('on %s a removal of %s (%s) of an earlier version goes on as it would have', (...which) => {
  const known = begun(...which);
  const resumed = begun(...which);
  Object.assign(resumed.host, upgraded(known));
  expect(withoutParameters(settle(resumed))).toEqual(withoutParameters(settle(known)));
});

test('what waits for a pin on v5.10 still waits for it after the upgrade', () => {
  const resumed = begun('v5.10', 'devdax');
  Object.assign(resumed.host, upgraded(begun('v5.10', 'devdax')));
  expect(settle(resumed)).toMatchObject({ state: 'waiting', waiting_on: [{ holder: 'vmsplice' }] });
});

test.each([false, true])(
  '[FU11] one of system RAM goes on with what its host proposed: %s',
  (kmem_memory_failure) => {
    const known = ofRam(kmem_memory_failure);
    const resumed = ofRam(kmem_memory_failure);
    Object.assign(resumed.host, upgraded(known));
    const left = settle(resumed);
    expect(left.verdict).toBe(kmem_memory_failure ? 'contained' : 'leaked');
    expect(withoutParameters(left)).toEqual(withoutParameters(settle(known)));
  },
);

/** A removal of system RAM that has begun and did no step yet. */
function ofRam(kmem_memory_failure: boolean): Machine {
  const { made } = ram('force-unmap', { host: { proposed: { kmem_memory_failure } } });
  made.run({ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
  return made;
}
