import type { KernelName } from '../src/engine/model/vocabulary.ts';
import type { Answered, Matrix } from './build.ts';
import { andThenParts } from './and_then_table.ts';
import { collapse, COLUMNS, type Line, type Row } from './collapse.ts';
import { isCxl, isDax, KILLS, MAPPINGS, PLACES, type Place } from './dimensions.ts';
import { MEMORY, type RamAnswer } from './system_ram.ts';
import { killCase, KILL_CASES, outcomeWords, ramVerdict, ramWords } from './words.ts';

/** An answer with what decides and shows it. */
type Cited = Pick<Answered, 'rules' | 'recordings'>;

const RECORDINGS = '../test/conformance/recordings';

/** The page: what is asked most in tables, what makes no difference left out, each cell with its rules and recording. */
export function renderMarkdown(matrix: Matrix, pages: string): string {
  const { answers } = matrix;
  const parts = [
    intro([...answers, ...matrix.system_ram]),
    '## At a glance',
    'The verdicts of an unbind, over all kill policies and all kinds of mapping with entries; nothing is pinned unless it says so.',
    glance(matrix),
    '## How to read the tables',
    legend(),
    ...dax(answers),
    '## Device-dax',
    'No file system, no policy: the one inode of the device is unmapped, nobody is signalled at rest.',
    tables(answers, (place) => place.mode === 'devdax' && !isCxl(place)),
    '## On CXL memory',
    'A persistent region, with what is unbound under it. `zeros`: the decoders are reset, nothing answers a load (emulated hardware; real hardware may answer otherwise).',
    tables(answers, isCxl),
    '## Page cache: raw, sector, dax=never, not mounted',
    'What is mapped is RAM. Nothing of it is the device’s, whatever is removed; only what is not cached yet is lost.',
    tables(answers, (place) => !isDax(place)),
    '## System RAM (kmem)',
    'The driver kmem is unbound. Who lets the blocks go first loses nothing; else the memory stays in use and its range leaks until a reboot.',
    systemRam(matrix.system_ram),
    '## Pins',
    'Somebody holds a page of a `shared, PMD` mapping while the device is unbound. Only v5.10 and the series on it wait for anybody; the later kernels go on, and whoever releases the pin oopses. The other mappings and reflink are in matrix.json.',
    pins(answers),
    '## What a stale entry does to the kernel',
    'Of the entries that are left: what the process, or somebody who looks at it, must not do afterwards.',
    hazards(answers),
    ...andThenParts(matrix.and_then),
    '## Rules',
    rules([...answers, ...matrix.system_ram, ...matrix.and_then], pages),
  ];
  return `${parts.join('\n\n')}\n`;
}

function intro(answers: readonly Cited[]): string {
  const recorded = answers.filter((answer) => answer.recordings.length > 0);
  const names = new Set(recorded.flatMap((answer) => answer.recordings));
  const numbers = new Intl.NumberFormat('en');
  return `# What a removal leaves

A DAX device is unbound while a process maps it. What is left, by kernel, by how the device is used, by how it is mapped, by whom memory_failure() may kill, and by who else holds its pages.

Written by \`npm run matrix\`, which asks the engine about ${numbers.format(answers.length)} cases, each on a host of its own, and prints what it answers: no cell is written by hand. ${numbers.format(recorded.length)} of the answers are what ${numbers.format(names.size)} recordings of real kernels show; no recording shows anything else. The rest is read from the kernels' sources. All of it is in [matrix.json](matrix.json); the rules are in [SPEC.md](../SPEC.md).`;
}

function legend(): string {
  const cases = { early: 'early', beside: 'beside early', late: 'late' };
  const listed = KILL_CASES.map((one) => {
    const own = KILLS.filter((kill) => killCase(kill) === one).map(({ id }) => `\`${id}\``);
    return `| ${cases[one]} | ${listedAs[one]} | ${own.join(', ')} |`;
  });
  return `| verdict | what is left when the removal completes |
|---|---|
| contained | nothing that reaches the pages, and nothing that holds them; what umount then meets is told [below](#and-then) |
| **unsafe** | only the kernel itself can fail later: a pin that outlives its pages, a frozen file system, a task that never returns |
| **exposed** | a process, or somebody's DMA, still reaches the pages, also when they belong to the next owner |
| **leaked** | a range of memory that nobody can have until a reboot |
| *waiting* | the removal waits for a pin; it has no verdict yet |
| *stuck* | the removal never ends; a reboot does |

After the colon: what the process gets. \`AO/21\` is SIGBUS with BUS_MCEERR_AO and si_addr_lsb 21, sent at rest; \`SIGBUS\` is BUS_ADRERR, on touch. The process handles SIGBUS: with the default disposition it dies of the first one. \`reads\` is the old mapping, still there: whatever the pages hold by then.
\`no mount\`, \`no mmap\`, \`no pin\`: refused with that errno before there is anything to remove.

Below that the [rules](#rules) that decide, and ● a recording that shows it, for one at least of the mappings and policies that the cell puts together (matrix.json says for which), or ○ read from source.

| kill policy | of the process | \`memory_failure_early_kill\` and PR_MCE_KILL |
|---|---|---|
${listed.join('\n')}

A cell without such a word holds for all of them that were asked about. The number is the sysctl.

| mapped | |
|---|---|
${Object.entries(MAPPINGS)
  .map(([name, about]) => `| ${name} | ${about} |`)
  .join('\n')}

Through the page cache every entry is of 4 KiB. The event is a sysfs unbind by a task that maps nothing; a surprise removal runs the same \`->remove()\` and leaves the same. The profiles \`force-unmap*\` are the series of 2021: as its letter describes it, as posted on 5.10, and with the process selection of v5.12, its own base.`;
}

const listedAs = {
  early: 'collected by its own policy or the sysctl',
  beside: 'not collected itself, but a neighbour with PR_MCE_KILL_EARLY maps the same pages',
  late: 'neither',
};

/** Verdicts only: one row for places that are alike. */
function glance({ answers, system_ram }: Matrix): string {
  const rows = new Map<string, string[]>();
  for (const place of PLACES) {
    const cells = COLUMNS.map((kernel) => {
      const own = answers.filter(({ cell }) => {
        const mapped = cell.mapping !== 'never touched' && cell.mapping !== 'storing';
        return cell.place === place && cell.kernel === kernel && cell.pin === 'none' && mapped;
      });
      const order = ['stuck', 'exposed', 'unsafe', 'contained'];
      const words = new Set(
        own
          .filter(({ outcome }) => outcome.refused === null)
          .map(({ outcome }) => (outcome.state === 'stuck' ? 'stuck' : String(outcome.verdict))),
      );
      if (words.size === 0) return refusedAll(own);
      const sorted = order.filter((word) => words.has(word));
      return sorted.map((word) => (word === 'contained' ? word : `**${word}**`)).join(' or ');
    });
    const key = cells.join(' | ');
    rows.set(key, [
      ...(rows.get(key) ?? []),
      `${place.mode}: ${place.id.replace(/^(?:devdax|raw|sector), |^CXL devdax/, (prefix) => (prefix === 'CXL devdax' ? 'CXL' : ''))}`,
    ]);
  }
  for (const memory of Object.keys(MEMORY)) {
    const cells = COLUMNS.map((kernel) => {
      const own = system_ram.find((one) => one.kernel === kernel && one.memory === memory && !one.proposed);
      return own === undefined ? '' : ramVerdict(own.outcome);
    });
    const key = cells.join(' | ');
    rows.set(key, [...(rows.get(key) ?? []), `system-ram: ${memory}`]);
  }
  const lines = [...rows].map(([cells, names]) => `| ${names.join('<br>')} | ${cells} |`);
  return [`| | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...lines].join('\n');
}

/** Nothing can be set up there at all. */
function refusedAll([first]: readonly Answered[]): string {
  return first === undefined ? '' : outcomeWords(first.outcome);
}

/** A table for each file system under DAX. */
function dax(answers: readonly Answered[]): string[] {
  const places = PLACES.filter((place) => place.mode === 'fsdax' && isDax(place) && !isCxl(place));
  return [
    '## fsdax, mounted',
    'One row for each way to map that makes a difference, nothing pinned.',
    ...places.flatMap((place) => [
      `### ${place.id}`,
      `${place.about}.`,
      tableOf(rowsOf(answers.filter(({ cell }) => cell.place === place && cell.pin === 'none'))),
    ]),
  ];
}

function tables(answers: readonly Answered[], wanted: (place: Place) => boolean): string {
  const own = answers.filter(({ cell }) => wanted(cell.place) && cell.pin === 'none');
  const rows = collapse(own, ({ cell }) => `${cell.place.id} | ${cell.mapping}`);
  return tableOf(rows.map((row) => ({ ...row, like: byPlace(row.like) })));
}

/** `place | mapping` of every pair → one name for each place, its mappings in brackets unless it is all of them. */
function byPlace(pairs: readonly string[]): string[] {
  const mappings = new Map<string, string[]>();
  for (const pair of pairs) {
    const [place = '', mapping = ''] = pair.split(' | ');
    mappings.set(place, [...(mappings.get(place) ?? []), mapping]);
  }
  const places = new Map<string, string[]>();
  for (const [place, own] of mappings)
    places.set(own.join('; '), [...(places.get(own.join('; ')) ?? []), place]);
  return [...places].map(([own, names]) => `${names.join('<br>')}<br>*${own}*`);
}

function rowsOf(answers: readonly Answered[]): Row[] {
  return collapse(answers, ({ cell }) => cell.mapping);
}

function pins(answers: readonly Answered[]): string {
  const own = answers.filter(({ cell }) => {
    const { place, pin, mapping } = cell;
    const usual = isDax(place) && !isCxl(place) && !place.shutdown && place.mount?.reflink !== true;
    return usual && pin !== 'none' && mapping === 'shared, PMD';
  });
  const rows = collapse(own, ({ cell }) => `${cell.place.id} | ${cell.pin}`);
  return tableOf(rows.map((row) => ({ ...row, like: byPlace(row.like) })));
}

function tableOf(rows: readonly Row[]): string {
  const all = Object.keys(MAPPINGS).length;
  const body = rows.map(({ like, cells }) => {
    const any = like.length === all && like.every((name) => name in MAPPINGS);
    const label = any ? 'any' : like.map((name) => name.replace(', ', ',&nbsp;')).join('<br>');
    return `| ${label} | ${COLUMNS.map((kernel) => cellText(cells.get(kernel) ?? [])).join(' | ')} |`;
  });
  return [`| | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...body].join('\n');
}

const CASE_WORDS = { early: 'early', beside: 'beside early', late: 'late' };

function cellText(lines: readonly Line[]): string {
  return lines
    .map((line) => {
      const when = line.kills === null ? '' : `${line.kills.map((kill) => CASE_WORDS[kill]).join(', ')}: `;
      return `${when}${line.words}<br><sub>${basis(line.answers)}</sub>`;
    })
    .join('<br>');
}

/** The rules of all answers of a line, and a recording that shows one of them. */
function basis(answers: readonly Cited[]): string {
  const rules = [...new Set(answers.flatMap((answer) => answer.rules))];
  const [first] = answers.flatMap((answer) => answer.recordings);
  const shown = first === undefined ? '○' : `[●](${RECORDINGS}/${first}.json)`;
  return [...rules, shown].join(' ');
}

/** What becomes of the range, of its user, and of the next bind. */
function systemRam(answers: readonly RamAnswer[]): string {
  const rows = new Map<string, RamAnswer[]>();
  for (const answer of answers) {
    const label = answer.proposed
      ? `${answer.memory}; *proposed*: kmem_memory_failure on (FU11)`
      : answer.memory;
    rows.set(label, [...(rows.get(label) ?? []), answer]);
  }
  const body = [...rows].map(([label, own]) => {
    const cells = COLUMNS.map((kernel) => {
      const answer = own.find((one) => one.kernel === kernel);
      return answer === undefined ? '' : `${ramWords(answer.outcome)}<br><sub>${basis([answer])}</sub>`;
    });
    return `| ${label} | ${cells.join(' | ')} |`;
  });
  return [`| memory | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...body].join('\n');
}

/** What sets the kernel off, by how the page is mapped, on every kernel that leaves entries on ext4. */
function hazards(answers: readonly Answered[]): string {
  const own = answers.filter(({ cell }) => {
    return cell.place.id === 'ext4' && cell.pin === 'none' && cell.kill.id === '0 default';
  });
  const kinds = ['shared, PMD', 'shared, PTE', 'private, clean', 'private, copied'];
  const body = kinds.map((mapping) => {
    const cells = COLUMNS.map((kernel) => hazardText(own, kernel, mapping));
    return `| ${mapping} | ${cells.join(' | ')} |`;
  });
  return [`| ext4 | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...body].join('\n');
}

function hazardText(answers: readonly Answered[], kernel: KernelName, mapping: string): string {
  const found = answers.find(({ cell }) => cell.kernel === kernel && cell.mapping === mapping);
  const words = { kernel_oops: '**oops**', gup_livelock: 'spins' } as const;
  const told = (found?.outcome.hazards ?? []).flatMap(({ kind, triggered_by }) => {
    const word = kind === 'kernel_oops' || kind === 'gup_livelock' ? words[kind] : null;
    return word === null ? [] : [`${word}: ${triggered_by.join(', ')}`];
  });
  return told.length === 0 ? 'nothing' : told.join('<br>');
}

/** Every rule that a cell names, in the words of its page. */
function rules(answers: readonly Pick<Cited, 'rules'>[], pages: string): string {
  const cited = [...new Set(answers.flatMap((answer) => answer.rules))];
  const order = (rule: string): number =>
    (rule.startsWith('R') ? 0 : 10_000) + Number(rule.replace(/\D+/, ''));
  const rows = cited
    .sort((a, b) => order(a) - order(b))
    .map((rule) => {
      const [, about = ''] = new RegExp(`^\\| ${rule} \\| ((?:[^|\\\\]|\\\\.)*) \\|`, 'm').exec(pages) ?? [];
      return `| ${rule} | ${about} |`;
    });
  return ['| rule | of what |', '|---|---|', ...rows].join('\n');
}
