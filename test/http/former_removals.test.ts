import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { cut, cutText } from '../../src/http/removal_answer.ts';
import { Removal } from '../../src/http/schemas/removal.ts';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

/** As it was stored before lists were cut: with so many tenants, each named by `name`. */
async function formerRemoval(tenants: number, name: (at: number) => string): Promise<RemovalRecord> {
  const remove = `${topology.at}/dax-devices/pmem0/remove?dry_run=true`;
  const removal = (await server.call('POST', remove, { trigger: 'unbind' })).json as unknown as RemovalRecord;
  const { report } = removal;
  const blast_radius = {
    ...report.blast_radius!,
    tenants: Array.from({ length: tenants }, (_, at) => name(at)),
  };
  return { ...removal, report: { ...report, blast_radius } };
}

test.each([
  ['short names', (at: number) => String(at)],
  ['names like the end of a list', (at: number) => `"],\\${String(at)}],`],
])(
  '[CUT1] of 101 tenants of a removal that is older than `cut`, with %s, 100 are told',
  async (_what, name) => {
    const stored = await formerRemoval(101, name);
    const told = cut(stored);
    expect(told.report.blast_radius).toMatchObject({ cut: { tenants: 101 } });
    expect(told.report.blast_radius?.tenants).toEqual(stored.report.blast_radius?.tenants.slice(0, 100));
    expect(cutText(JSON.stringify(stored))).toBe(JSON.stringify(told));
    expect(Removal.parse(told)).toEqual(told);
  },
);

test('[CUT1] of 100 all are told, and nothing else of a removal changes', async () => {
  const stored = await formerRemoval(100, String);
  expect(cut(stored)).toEqual(stored);
  expect(cutText(JSON.stringify(stored))).toBe(JSON.stringify(stored));
  const older = { ...stored, report: { ...stored.report, blast_radius: null } };
  expect(cut(older)).toEqual(older);
});
