import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedItem } from '../../src/inventory/listing.ts';
import { isRefusal, readListings } from '../../src/inventory/parse.ts';
import { textOf } from '../../src/inventory/read_field.ts';
import type { InventoryDeviceRecord } from '../../src/inventory/record.ts';
import { cases } from '../support/property.ts';
import { exportOf, importInto, knownAfter, NOTHING } from './support/host.ts';
import { HOSTILE, RECORDED_TEXTS, spoil } from './support/hostile.ts';
import { hostAfter } from './support/played.ts';

const spoilt = fc.tuple(fc.constantFrom(...RECORDED_TEXTS), fc.nat(400), fc.constantFrom(...HOSTILE));

describe('[IMP37][IMP38] any recorded listing with any value replaced by a hostile one', () => {
  it('is read, and every object beside that value as it was', () => {
    fc.assert(
      fc.property(spoilt, ([text, at, by]) => {
        const { pointer, text: hostile } = spoil(text, at, by);
        const now = new Set(itemsIn(hostile).map(shapeOf));
        const beside = itemsIn(text).filter((item) => !isTouched(item, pointer));
        expect(beside.map(shapeOf).filter((shape) => !now.has(shape))).toEqual([]);
      }),
      cases(1500),
    );
  });

  it('is imported, with every device beside that value as it was, and can be exported and imported again', () => {
    fc.assert(
      fc.property(spoilt, ([text, at, by]) => {
        const { pointer, text: hostile } = spoil(text, at, by);
        const touched = touchedIn(text, pointer);
        const before = importInto(NOTHING, text).records;
        const { host, records } = importInto(NOTHING, hostile);
        for (const record of before) {
          if (isOneOf(record, touched)) continue;
          const { name, size, mode, state } = record;
          expect(records.find((now) => now.name === name)).toMatchObject({ size, mode, state });
        }
        for (const format of ['ndctl', 'daxctl', 'cxl'] as const) {
          importInto({ host, devices: records }, exportOf(format, { host, devices: records }));
        }
      }),
      cases(1000),
    );
  });

  it('is taken with every device of the model beside that value as it was', () => {
    fc.assert(
      fc.property(spoilt, ([text, at, by]) => {
        const { pointer, text: hostile } = spoil(text, at, by);
        const touched = touchedIn(text, pointer);
        const shown = importInto(NOTHING, text).records.filter((record) => isOneOf(record, touched));
        const spoilt = new Set(shown.map(({ name }) => name));
        const now = hostAfter(hostile).made.host.tables.dax_devices;
        for (const { name, size, mode, state } of hostAfter(text).made.host.tables.dax_devices.values())
          if (!spoilt.has(name)) expect(now.get(name)).toMatchObject({ size, mode, state });
      }),
      cases(500),
    );
  });

  it('imported over what was known ends nothing, complete or not', () => {
    fc.assert(
      fc.property(spoilt, fc.boolean(), ([text, at, by], isComplete) => {
        const { pointer, text: hostile } = spoil(text, at, by);
        if (pointer === '') return;
        const known = knownAfter(text);
        const touched = touchedIn(text, pointer);
        const gone = importInto(known, hostile, isComplete).devices.filter(({ change }) => change === 'gone');
        const untouched = gone.filter(({ record }) => !isOneOf(record, touched));
        expect(untouched).toEqual([]);
      }),
      cases(500),
    );
  });
});

/** The names of the objects that a value at that place touches. */
function touchedIn(text: string, pointer: string): ReadonlySet<string> {
  return new Set(itemsIn(text).flatMap((item) => (isTouched(item, pointer) ? [item.name] : [])));
}

/** Whether a device is listed by one of the names. */
function isOneOf({ name, namespace, listed }: InventoryDeviceRecord, names: ReadonlySet<string>): boolean {
  return [name, namespace, textOf(listed.dax_device, 'chardev')].some((shown) => names.has(shown ?? name));
}

function itemsIn(text: string): readonly ListedItem[] {
  const reading = readListings(text);
  if (isRefusal(reading)) throw new Error(`refused: ${reading.detail}`);
  return reading.listings.flatMap(({ items }) => items);
}

function shapeOf({ kind, name, fields }: ListedItem): string {
  return JSON.stringify([kind, name, fields]);
}

/** Whether the value stands in an object, or the object in what the value replaced; a mere name is its holder's. */
function isTouched(item: ListedItem, pointer: string): boolean {
  const of = item.pointer.replace(/\/chardev$/, '');
  return `${pointer}/`.startsWith(`${of}/`) || `${of}/`.startsWith(`${pointer}/`);
}
