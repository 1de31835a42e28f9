import { expect, test } from 'vitest';
import { before, migrateTo } from './support/before.ts';

const OOPSED = [
  ['profile', 'v7.3', null, ['rcu']],
  ['older', 'v6.12', null, []],
  ['mainline', 'resolved', '6.15.0', ['rcu']],
  ['debian', 'resolved', '7.3.4+deb13-amd64', ['rcu']],
  ['before', 'resolved', '6.2.16', []],
  ['long', 'resolved', '5.15.168', []],
] as const;

test('a host that oopsed says what has no end until its reboot, as it had until now', () => {
  const db = before(28);
  const host = db.prepare(
    `INSERT INTO hosts (host, id, uid, revision, kernel, kernel_release, health, record)
     VALUES (@host, @host, @host, 4, @kernel, @kernel_release, @health, '{"revision":4}')`,
  );
  for (const [name, kernel, kernel_release] of OOPSED) {
    host.run({ host: name, kernel, kernel_release, health: 'oopsed' });
    host.run({ host: `${name}-well`, kernel, kernel_release, health: 'ok' });
  }
  const removal = db.prepare(
    `INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, record)
     VALUES (@host, @host, @host, 1, 'pmem0', 'v6.1', 'unbind', @state, @record)`,
  );
  const walked = { steps: [{ result: {} }, { result: { holder: 'mt1', oopses_in: 'xfs_alloc_read_agf' } }] };
  const spins = { steps: [{ result: { spins_in: 'mf_dax_kill_procs' } }] };
  removal.run({ host: 'older', state: 'stuck', record: JSON.stringify(walked) });
  removal.run({ host: 'before', state: 'completed', record: JSON.stringify(walked) });
  removal.run({ host: 'long', state: 'stuck', record: JSON.stringify(spins) });
  migrateTo(db, 28);
  const rows = db
    .prepare<[], { host: string; revision: number; record: string }>(
      'SELECT host, revision, record FROM hosts',
    )
    .all();
  const found = rows.map(({ host: name, revision, record }) => [
    name,
    revision,
    JSON.parse(record) as unknown,
  ]);
  const expected = OOPSED.flatMap(([name, , , stuck]) => [
    [name, 5, { revision: 5, stuck: name === 'older' ? ['dax_srcu'] : stuck }],
    [`${name}-well`, 5, { revision: 5, stuck: [] }],
  ]);
  expect(found.sort()).toEqual(expected.sort());
});
