import * as z from 'zod';
import { LISTED_LISTS, type ListedCounts } from '../../engine/model/cut.ts';
import { ABSENCE_REASONS } from '../../inventory/absent.ts';
import { OBJECT_KINDS } from '../../inventory/record.ts';
import { TOOLS } from '../../inventory/listing.ts';
import { SKIPPED_KINDS } from '../../inventory/skip.ts';
import { Count, withExample } from './scalar.ts';
import { RefusalCode } from './word.ts';

/** A listing as the tools print it; handed on as text, so that no number is rounded on the way. */
export const Inventory = z.unknown().meta({
  id: 'Inventory',
  description: 'What ndctl list, daxctl list or cxl list prints.',
  // `ndctl list` of the demo's node-v6.12, where only pmem0 was configured.
  override: withExample([
    {
      dev: 'namespace0.0',
      mode: 'fsdax',
      map: 'dev',
      size: 526385152,
      uuid: '653d6def-864d-4638-a726-3810e69bb863',
      sector_size: 512,
      align: 2097152,
      blockdev: 'pmem0',
    },
  ]),
});

const Change = z.enum(['created', 'updated', 'unchanged', 'gone']);

const ListedCut = z.partialRecord(z.enum(LISTED_LISTS), Count).meta({
  id: 'ListedCut',
  description:
    'How many rows there are of each list here that has more than 10 000, of which the first 10 000 are shown; absent where all lists are whole.',
}) satisfies z.ZodType<ListedCounts>;

/** What became of each object of a listing. */
export const InventoryImport = z
  .strictObject({
    format: z.enum([...TOOLS, 'empty', 'mixed']).meta({
      description:
        'The tool that printed the text; `mixed` where it holds listings of several, worked in one after another.',
    }),
    devices: z.array(
      z.strictObject({
        name: z.string(),
        change: Change,
        previous_name: z.string().nullable(),
        changed_fields: z.array(z.string()),
      }),
    ),
    host_objects: z
      .array(z.strictObject({ kind: z.string(), name: z.string(), change: Change }))
      .meta({ description: 'Buses, dimms, regions and the CXL topology.' }),
    absent: z
      .array(
        z.strictObject({
          kind: z.enum(OBJECT_KINDS),
          name: z.string(),
          dax_device: z.string().nullable(),
          reason: z.enum(ABSENCE_REASONS),
          detail: z.string(),
        }),
      )
      .meta({
        description:
          'What was there, and what the listing would show and does not, and what stands on that; it stays as it is. With `complete=true` those that are `not listed` are gone instead.',
      }),
    skipped: z.array(
      z.strictObject({
        kind: z.enum(SKIPPED_KINDS),
        name: z.string(),
        reason: z.string().meta({
          description:
            'Of an object or value that is not taken; `overlap` and `dax_device_in_use`: of a device that is, without the address that it is told at.',
        }),
        code: RefusalCode.exactOptional().meta({
          description:
            'Of what the model does not take: the problem that a request for it alone would answer.',
        }),
        detail: z.string(),
        document: z
          .number()
          .int()
          .nullable()
          .meta({ description: 'Which JSON document of the text, from 0; null for text between them.' }),
        pointer: z.string().meta({
          description:
            'Where in that document (RFC 6901); one of more than 255 characters ends in `/…` and says no more.',
        }),
      }),
    ),
    cut: ListedCut.exactOptional(),
  })
  .meta({ id: 'InventoryImport' });
