import { describe, expect, test } from 'vitest';
import { rigOf, type StoreHarness } from './rig.ts';

/** What every implementation of the port tells of itself while it runs. */
export function figuresContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps the contract of figures`, () => {
    const { store, createHost } = rigOf(makeHarness);

    test('figures are of what is committed', async () => {
      const before = await store.figures();
      await createHost('node-a');
      const after = await store.figures();
      expect([before.hosts.ok, after.hosts.ok, after.last_seq - before.last_seq]).toEqual([0, 1, 1]);
      expect(after).toMatchObject({
        open_exposures: 0,
        open_exposures_of: [],
        oldest_waiting_ms: null,
        leaked_bytes: 0,
        oldest_seq: 1,
        jobs: { assessor: 0, asker: 0, decider: 0, reader: 0 },
      });
    });

    test('each batch is told, to whoever listens', async () => {
      const works: number[] = [];
      const stop = store.onBatch((batch) => {
        expect(batch.turn_ms).toBeGreaterThanOrEqual(batch.commit_ms);
        expect(batch.cached_hosts).toBe(1);
        expect(batch.cached_bytes).toBeGreaterThan(0);
        works.push(batch.works);
      });
      await createHost('node-a');
      stop();
      await createHost('node-b');
      expect(works).toEqual([1]);
    });

    test('a store that is closed tells none', async () => {
      await store.close();
      await expect(store.figures()).rejects.toThrow('closed');
    });
  });
}
