import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import type { ListedObject, ListedValue } from '../../src/inventory/record.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../src/inventory/export_listing.ts';
import { estimated } from '../../src/inventory/printable.ts';
import { unordered, valueOf } from './support/host.ts';
import { hostOn, printed, stateOf } from './support/played.ts';
import { recordedInventories } from './support/recordings.ts';

/** Every listing that was recorded and says something. */
const LISTINGS = recordedInventories().flatMap(({ name, listings }) =>
  [...listings]
    .filter(([, text]) => text !== '')
    .map(([command, text]) => ({ of: `${command} of ${name}`, command, text, kernel: kernelOf(name) })),
);

/** The profile that is named for the kernel of a recording: `nvdimm.raw@6.12`. */
function kernelOf(name: string): KernelName {
  const release = name.replace(/^.*@/, '');
  const named = release.endsWith('-force-unmap') ? 'force-unmap-v5.10' : `v${release}`;
  return KERNEL_NAMES.find((kernel) => kernel === named)!;
}

function formatOf(command: string): ExportFormat {
  return EXPORT_FORMATS.find((format) => command.startsWith(`${format} `))!;
}

/** As -u prints it: a size is what its roundest bytes are, hex is its number, and one object stands in an array. */
function rounded(value: ListedValue): ListedValue {
  const inner = estimated(value);
  return Array.isArray(inner) ? digits(inner) : [digits(inner)];
}

/** Every number, in whatever notation, by its decimal digits. */
function digits(value: ListedValue): ListedValue {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return /^0x[0-9a-f]+$/.test(value) ? String(BigInt(value)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if ('$number' in value) return value['$number'] as string;
  if (Array.isArray(value)) return (value as ListedValue[]).map(digits);
  return Object.fromEntries(
    Object.entries(value as ListedObject).map(([key, member]) => [key, digits(member!)]),
  );
}

/** Of `daxctl list` without -R: the export has each device in a region. */
function inRegions(command: string, value: ListedValue): ListedValue {
  if (!command.startsWith('daxctl') || !Array.isArray(value)) return value;
  return (value as ListedObject[]).map((object) => {
    const { chardev } = object;
    if (typeof chardev !== 'string') return object;
    const id = Number(/\d+/.exec(chardev)![0]);
    return { id, devices: [object] };
  });
}

describe('[IMP21] the round trip of a recorded listing', () => {
  test('is of all 1046', () => {
    expect(LISTINGS).toHaveLength(1046);
  });

  test('alone it is exported as it was imported, whatever its flags; of -u up to rounding', () => {
    for (const { of, kernel, command, text } of LISTINGS) {
      const as = / -\w*u/.test(command) ? rounded : (value: ListedValue) => value;
      const said = printed(hostOn(kernel, text), formatOf(command)) || '[]';
      expect(unordered(as(valueOf(said))), of).toEqual(unordered(as(inRegions(command, valueOf(text)))));
    }
  });

  test('its export makes the same host elsewhere, and is exported equal there', () => {
    for (const { of, kernel, command, text } of LISTINGS) {
      const host = hostOn(kernel, text);
      const elsewhere = hostOn(kernel, printed(host, formatOf(command)));
      expect(stateOf(elsewhere), of).toEqual(stateOf(host));
    }
  });
});
