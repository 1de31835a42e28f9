import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { isRefusal } from '../../../src/engine/model/refusal.ts';
import {
  type Listed,
  type Modelled,
  NOTHING_LISTED,
  planImport,
  printListing,
} from '../../../src/app/listing.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../../src/inventory/export_listing.ts';
import { estimated } from '../../../src/inventory/printable.ts';
import type { ListedValue } from '../../../src/inventory/record.ts';
import { emptyMachine, machine, type Machine } from '../../engine/support.ts';
import { unordered, valueOf } from './host.ts';

/** A host of the model that listings are imported into, as the service does it. */
export interface PlayedHost {
  readonly made: Machine;
  readonly listed: Listed;
}

/** What the answer to an import says. */
export type ImportAnswer = Exclude<
  ReturnType<typeof planImport>,
  { code: string } | { too_large: string }
>['imported'];

/** A host that has imported these listings, one after the other. */
export function hostAfter(...texts: readonly string[]): PlayedHost {
  return hostOn('v6.12', ...texts);
}

/** The same on a kernel. */
export function hostOn(kernel: KernelName, ...texts: readonly string[]): PlayedHost {
  return hostAs(machine(kernel), texts);
}

/** The same on a kernel of which a release is told. */
export function hostOfRelease(kernel_release: string, ...texts: readonly string[]): PlayedHost {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release });
  return hostAs(made, texts);
}

function hostAs(made: Machine, texts: readonly string[]): PlayedHost {
  const empty: PlayedHost = { made, listed: NOTHING_LISTED };
  return texts.reduce((host, text) => importedInto(host, text).host, empty);
}

/** One import that must not be refused. */
export function importedInto(
  { made, listed }: PlayedHost,
  text: string,
  isComplete = false,
): { readonly host: PlayedHost; readonly answer: ImportAnswer } {
  const plan = planImport(listed, modelledIn(made), text, isComplete);
  if (isRefusal(plan) || 'too_large' in plan) throw new Error(JSON.stringify(plan));
  const { imported, ...changes } = plan;
  const answer = made.run({ type: 'import_inventory', ...changes, imported: JSON.stringify(imported) });
  return { host: { made, listed: plan.record }, answer: JSON.parse(answer) as ImportAnswer };
}

/** What an export of the host prints. */
export function printed({ made, listed }: PlayedHost, format: ExportFormat): string {
  return printListing(listed, modelledIn(made), format);
}

/** Everything that the model holds of the host, and all it exports; not when, nor how often, a record was changed. */
export function stateOf(host: PlayedHost, isKept: (record: object) => boolean = () => true) {
  const { hosts, dax_devices, memory_ranges, cxl_memdevs, cxl_regions } = host.made.host.tables;
  const records = [hosts, dax_devices, memory_ranges, cxl_memdevs, cxl_regions].map((table) =>
    [...table.entries()]
      .sort(([name], [other]) => (name < other ? -1 : 1))
      .filter(([, record]) => isKept(record))
      .map(([, record]) => withoutTimes(record)),
  );
  const exports = EXPORT_FORMATS.map((format) => unordered(valueOf(printed(host, format))));
  return { records, exports, host: unordered(estimated(host.listed.host as unknown as ListedValue)) };
}

/** What the model holds, as a listing is compared with it. */
export function modelledIn({ host: { tables } }: Machine): Modelled {
  return {
    devices: [...tables.dax_devices.values()],
    ranges: [...tables.memory_ranges.values()],
    cxl_memdevs: [...tables.cxl_memdevs.values()],
    cxl_regions: [...tables.cxl_regions.values()],
  };
}

function withoutTimes(record: object): unknown {
  const { uid, revision, created_at, updated_at, ...fields } = record as Record<string, unknown>;
  return fields;
}
