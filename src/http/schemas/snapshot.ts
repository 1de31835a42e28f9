import * as z from 'zod';
import type * as engine from '../../engine/model/snapshot.ts';
import { Count, Id, identity, Name, Text, Timestamp, withExample } from './scalar.ts';
import type { BodyOf } from './host.ts';

/** Of examples: it is chosen by the service. */
const EXAMPLE_ID = '0199d1f0-0000-7000-8000-000000000000';

export const Snapshot = z
  .strictObject({
    ...identity,
    id: Id,
    name: z.string().nullable().meta({ description: 'What its maker calls it.' }),
    taken_at: Timestamp,
    records: z.record(z.string(), Count).meta({
      description: 'How many records of each kind it has; kinds of which there was none are absent.',
    }),
  })
  .meta({
    id: 'Snapshot',
    description: 'A state of a host that is kept: all of it but its snapshots.',
    override: withExample({
      uid: EXAMPLE_ID,
      revision: 1,
      host: 'node-v6.12',
      id: EXAMPLE_ID,
      name: 'before the pull',
      taken_at: '2026-01-01T00:00:00.000Z',
      records: { hosts: 1, dax_devices: 2, mappings: 3 },
    }),
  }) satisfies z.ZodType<engine.Snapshot>;

/** The body may be absent: it has no name. */
export const CreateSnapshot = z
  .strictObject({ name: Text.exactOptional() })
  .default({})
  .meta({
    id: 'CreateSnapshot',
    override: withExample({ name: 'before the pull' }),
  }) satisfies z.ZodType<BodyOf<'create_snapshot'>>;

export const RestoreHost = z
  .strictObject({ snapshot: Id.meta({ description: 'Id of a snapshot of this host.' }) })
  .meta({ id: 'RestoreHost', override: withExample({ snapshot: EXAMPLE_ID }) }) satisfies z.ZodType<
  BodyOf<'restore_host', 'state'>
>;

export const ForkHost = z
  .strictObject({
    name: Name,
    snapshot: Id.exactOptional().meta({
      description: 'Id of a snapshot of this host. Absent: as it is now.',
    }),
  })
  .meta({
    id: 'ForkHost',
    override: withExample({ name: 'node-copy' }),
  }) satisfies z.ZodType<BodyOf<'fork_host', 'from' | 'state'>>;

export const snapshotFilters = {
  name: Text.exactOptional().meta({ description: 'Only snapshots that their maker has called so.' }),
};
