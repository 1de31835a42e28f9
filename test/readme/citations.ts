import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../client/child_service.ts';

/** A row of a page of rules. */
export interface Rule {
  readonly id: string;
  readonly cells: readonly string[];
}

/** What looks like an ID and is a word of its own. */
const WORDS = new Set(['EXT4', 'HTTP2', 'JBD2', 'U32', 'U64']);

/**
 * Capitals and a number, alone or as a span: `R22`, `FU3`, `R123-R126`. No part of a longer word or of an escape
 * (`%E2`, `\xE2`), no leading zero (`ACPI0012`), no year of a standard (`ES2022`).
 */
const CITED = /(?<![\w%\\])([A-Z]{1,9})([1-9]\d{0,2})(?:-\1([1-9]\d{0,2}))?(?!\w)/g;

/** What no row has as its ID: a section, that is a letter, a dot and a number, and letters alone behind `SPEC.md`. */
const NO_ID = /(?<![\w.])[A-Z]\.\d{1,2}(?![\w.])|SPEC\.md [A-Z]+(?!\w)/g;

/** Every ID that a text cites, a span as all its members, and what it cites in another form. */
export function citationsIn(text: string): string[] {
  const cited = [...text.matchAll(CITED)].flatMap(([, series = '', first = '', last = first]) =>
    span(series, Number(first), Number(last)),
  );
  return [...cited.filter((id) => !WORDS.has(id)), ...[...text.matchAll(NO_ID)].map(([found]) => found)];
}

/** A recording that a text cites, or several of one scenario: `fsdax-ext4-unbind-late@5.10,6.1`. */
const RECORDED = /`([\w/.-]+)@((?:[\w.-]*\d\.\d+[\w-]*,?)+)`/g;

/** Every recording that a text cites, without those that it says are `not published:`, which stand last in their line. */
export function recordingsIn(text: string): { cited: string[]; unpublished: string[] } {
  const lines = text.split('\n').map((line) => line.split('not published: '));
  const named = (part: string | undefined) =>
    [...(part ?? '').matchAll(RECORDED)].flatMap(([, scenario = '', kernels = '']) =>
      kernels.split(',').map((kernel) => `${scenario}@${kernel}`),
    );
  return {
    cited: lines.flatMap(([cited]) => named(cited)),
    unpublished: lines.flatMap(([, ...unpublished]) => unpublished.flatMap(named)),
  };
}

/** The recordings of the repository, by the name that they are cited by. */
export async function recordings(): Promise<Set<string>> {
  const folders = [
    ['test/conformance/recordings', ''],
    ['test/conformance/sequence/recordings', ''],
    ['test/inventory/fixtures/recorded', 'inventory/'],
  ] as const;
  const names = await Promise.all(
    folders.map(async ([folder, prefix]) =>
      (await readdir(join(REPOSITORY, folder))).map((name) => prefix + name.replace(/\.json$/, '')),
    ),
  );
  return new Set(names.flat());
}

/** The rows of a page of rules, or of several. */
export function rulesOf(page: string): Rule[] {
  return [...page.matchAll(/^\| ([A-Z]+\d+) \| (.+) \|$/gm)].map(([, id = '', cells = '']) => ({
    id,
    cells: cells.split(/(?<!\\) \| /),
  }));
}

/** The pages of rules that SPEC.md lists, each with its text and the IDs that the list says it has. */
export async function readPages(): Promise<{ path: string; listed: string[]; text: string }[]> {
  const index = await readFile(join(REPOSITORY, 'SPEC.md'), 'utf8');
  const lines = [...index.matchAll(/^\| \[[^\]]+\]\((docs\/rules\/\w+\.md)\) \| .* \| ([^|]+) \|$/gm)];
  return Promise.all(
    lines.map(async ([, path = '', listed = '']) => ({
      path,
      listed: citationsIn(listed),
      text: await readFile(join(REPOSITORY, path), 'utf8'),
    })),
  );
}

/** Whatever people write: sources, tests, documents; not what kernels, tools and older versions wrote. */
export async function writtenFiles(): Promise<string[]> {
  const folders = ['bench', 'demo', 'docs', 'matrix', 'migrations', 'openapi', 'src', 'test'];
  const inside = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(REPOSITORY, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  const recorded = /^(?:demo|test\/(?:conformance|store|inventory)\/.*)\/.*\.(?:json|sql)$/;
  return ['README.md', 'ARCHITECTURE.md', 'SPEC.md', ...inside.flat()].filter(
    (path) => /\.(?:ts|md|sql|json)$/.test(path) && !recorded.test(path),
  );
}

function span(series: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => `${series}${String(first + at)}`);
}
