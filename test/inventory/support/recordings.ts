import { readdirSync, readFileSync } from 'node:fs';
import { parse, stringify } from 'lossless-json';

const RECORDED = new URL('../fixtures/recorded/', import.meta.url);
const OTHER = new URL('../fixtures/other/', import.meta.url);

/** The listings of one machine in one state: what each invocation printed, by its command line. */
export interface RecordedInventory {
  readonly name: string;
  readonly topology: string;
  readonly state: string;
  readonly listings: ReadonlyMap<string, string>;
}

interface RecordingFile {
  readonly topology: string;
  readonly state: string;
  readonly listings: Readonly<Record<string, { readonly output: unknown }>>;
}

/** All recorded inventories. */
export function recordedInventories(): readonly RecordedInventory[] {
  return readdirSync(RECORDED).sort().map(inventoryIn);
}

/** What one invocation printed: `recorded('nvdimm.fsdax@6.12', 'ndctl list -N')`. */
export function recorded(name: string, command: string): string {
  const text = inventoryIn(`${name}.json`).listings.get(command);
  if (text === undefined) throw new Error(`no recording ${name}, ${command}`);
  return text;
}

/** An output that was empty text is kept as null in the files. */
function inventoryIn(file: string): RecordedInventory {
  const { topology, state, listings } = parse(readFileSync(new URL(file, RECORDED), 'utf8')) as RecordingFile;
  const texts = Object.entries(listings).map(
    ([command, { output }]) => [command, output === null ? '' : (stringify(output) ?? '')] as const,
  );
  return { name: file.replace(/\.json$/, ''), topology, state, listings: new Map(texts) };
}

/** Listings recorded in the middle of other scenarios, by file name. */
export function otherListing(name: string): string {
  return readFileSync(new URL(`${name}.json`, OTHER), 'utf8');
}

/** The names of all of them. */
export function otherListings(): readonly string[] {
  return readdirSync(OTHER)
    .map((file) => file.replace(/\.json$/, ''))
    .sort();
}
