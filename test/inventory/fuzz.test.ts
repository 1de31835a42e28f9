import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCurrentState } from '../../src/inventory/current_state.ts';
import { EXPORT_FORMATS } from '../../src/inventory/export_listing.ts';
import { importListing } from '../../src/inventory/import_listing.ts';
import type { KnownInventory } from '../../src/inventory/known_inventory.ts';
import { printLossless } from '../../src/inventory/lossless.ts';
import type { ListedValue } from '../../src/inventory/record.ts';
import { after, currentOf, exportOf, importInto, knownAfter, valueOf } from './support/host.ts';
import { otherListing, otherListings, recordedInventories } from './support/recordings.ts';
import { cases } from '../support/property.ts';

const TEXTS = [
  ...recordedInventories().flatMap(({ listings }) => [...listings.values()]),
  ...otherListings().map(otherListing),
].filter((text) => text.length > 4);

const leaf: fc.Arbitrary<ListedValue | undefined> = fc.oneof(
  fc.constantFrom<ListedValue | undefined>(
    undefined,
    null,
    true,
    'disabled',
    'devdax',
    'fsdax',
    'raw',
    'sector',
    'system-ram',
    'pmem0',
    'dax0.0',
    'mem0',
    'mem1',
    'region0',
    'namespace0.0',
    '00000000-0000-0000-0000-000000000000',
    '250.00 MiB (262.14 MB)',
    '0x40000000',
    { $number: '18446744073709551615' },
  ),
  fc.nat(3),
  fc.nat(),
  fc.string({ maxLength: 8 }),
  fc.constant([]),
  fc.constant({}),
);

/** The value with the n-th member, counted through the whole tree, replaced; undefined takes it away. */
function mutate(value: ListedValue, target: number, by: ListedValue | undefined): ListedValue {
  let seen = 0;
  const visit = (member: ListedValue): ListedValue | undefined => {
    seen += 1;
    if (seen - 1 === target) return by;
    if (typeof member !== 'object' || member === null || '$number' in member) return member;
    if (Array.isArray(member)) {
      return (member as ListedValue[]).map(visit).filter((inner) => inner !== undefined);
    }
    return Object.fromEntries(
      Object.entries(member).flatMap(([key, inner]) => {
        const changed = visit(inner as ListedValue);
        return changed === undefined ? [] : [[key, changed] as const];
      }),
    );
  };
  return visit(value) ?? null;
}

function expectUnchanged(known: KnownInventory, text: string): void {
  const result = importInto(known, text);
  expect(result.devices.filter(({ change }) => change !== 'unchanged')).toEqual([]);
  expect(result.host_objects.filter(({ change }) => change !== 'unchanged')).toEqual([]);
}

describe('any text', () => {
  it('that is cut or overwritten is imported or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), fc.nat(), fc.string({ maxLength: 6 }), (text, at, noise) => {
        const place = at % text.length;
        for (const spoilt of [
          text.slice(0, place),
          text.slice(0, place) + noise + text.slice(place + noise.length),
        ]) {
          const result = importListing({ host: knownAfter().host, devices: [] }, spoilt);
          if ('refusal' in result) expect(result.refusal.detail).not.toBe('');
        }
      }),
      cases(1000),
    );
  });

  it('with values changed anywhere: an accepted one again, or exported, changes nothing', () => {
    const mutations = fc.array(fc.tuple(fc.nat(120), leaf), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXTS),
        fc.constantFrom(...TEXTS),
        mutations,
        (first, second, changes) => {
          const start = knownAfter(first);
          const changed = changes.reduce((value, [at, by]) => mutate(value, at, by), valueOf(second));
          const text = printLossless(changed);
          if ('refusal' in importListing(start, text)) return;
          const known = after(start, text);
          const { host } = known;
          const devices = known.devices.map((record) => withCurrentState(host, record, currentOf(record)));
          expectUnchanged(known, text);
          for (const format of EXPORT_FORMATS) {
            expectUnchanged({ host, devices }, exportOf(format, known));
          }
        },
      ),
      cases(2000),
    );
  });
});
