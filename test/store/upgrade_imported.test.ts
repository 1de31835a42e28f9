import { expect, test } from 'vitest';
import { prepareIdempotencyKeys } from '../../src/store/idempotency.ts';
import { migrate } from '../../src/store/migrate.ts';
import { before } from './support/before.ts';

test('what an import answered before is replayed as the text that is sent now; other replies stay', () => {
  const db = before(8);
  const insert = db.prepare(
    `INSERT INTO idempotency_keys (key, fingerprint, reply, seq, created_at) VALUES (?, 'f', ?, 1, ?)`,
  );
  const at = new Date().toISOString();
  const imported = { format: 'ndctl', devices: [{ name: 'pmem0', previous_name: null }], skipped: [] };
  insert.run('import', JSON.stringify({ imported }), at);
  insert.run('other', JSON.stringify({ record: { name: 'pmem0' } }), at);
  migrate(db);
  const { find } = prepareIdempotencyKeys(db);
  expect(find('import', at)?.reply).toEqual({ imported: JSON.stringify(imported) });
  expect(find('other', at)?.reply).toEqual({ record: { name: 'pmem0' } });
});
