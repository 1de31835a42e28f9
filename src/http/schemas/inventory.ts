import * as z from 'zod';
import { OBJECT_KINDS } from '../../inventory/record.ts';

/** A listing as the tools print it; handed on as text, so that no number is rounded on the way. */
export const Inventory = z
  .unknown()
  .meta({ id: 'Inventory', description: 'What ndctl list, daxctl list or cxl list prints.' });

const Change = z.enum(['created', 'updated', 'unchanged', 'gone']);

/** What became of each object of a listing. */
export const InventoryImport = z
  .strictObject({
    format: z.enum(['ndctl', 'daxctl', 'cxl', 'empty']),
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
    skipped: z.array(
      z.strictObject({
        kind: z.enum([...OBJECT_KINDS, 'size']),
        name: z.string(),
        reason: z.string(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'InventoryImport' });
