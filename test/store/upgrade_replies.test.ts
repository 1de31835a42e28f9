import { expect, test } from 'vitest';
import { prepareIdempotencyKeys } from '../../src/store/idempotency.ts';
import { migrate } from '../../src/store/migrate.ts';
import { before } from './support/before.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const RECORD = { uid: 'u', revision: 1 };
const WINDOW = { id: 'e1' };

/** What was kept, and what a replay says of it now. */
const KEPT = {
  record: [{ record: RECORD, exposures: [WINDOW] }, RECORD],
  bind: [
    { record: RECORD, bind: { result: 'ok' } },
    { record: RECORD, bind: { result: 'ok' } },
  ],
  block: [
    { record: RECORD, memory_block: { block: 7 } },
    { record: RECORD, memory_block: { block: 7 } },
  ],
  event: [
    { record: RECORD, removals: [] },
    { record: RECORD, removals: [] },
  ],
  outcome: [{ outcome: { result: 'ok' } }, { result: 'ok' }],
  import: [{ imported: '{"devices":[]}' }, '{"devices":[]}'],
  memdev: [{ cxl: { cxl_memdev: RECORD, removals: [] } }, { cxl_memdev: RECORD, removals: [] }],
  poison: [{ memory_failure: { errno: null } }, { errno: null }],
  comparison: [{ comparison: { items: [] } }, { items: [] }],
  gone: [{}, null],
} as const;

test.each(Object.entries(KEPT))('a reply that was kept is replayed after the upgrade: %s', (key, kept) => {
  const db = before(10);
  const [reply, answer] = kept;
  db.prepare(
    'INSERT INTO idempotency_keys (key, fingerprint, reply, seq, created_at) VALUES (?, ?, ?, 3, ?)',
  ).run(key, 'f', JSON.stringify(reply), NOW);
  migrate(db);
  const exposures = 'exposures' in reply ? reply.exposures : [];
  expect(prepareIdempotencyKeys(db).find(key, NOW)).toEqual({
    ...{ fingerprint: 'f', seq: 3 },
    reply: { answer, exposures },
  });
});
