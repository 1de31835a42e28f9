import { ORDERS, USES, type AndThen, type Given, type OrderName } from './and_then.ts';
import { COLUMNS } from './collapse.ts';
import { openNodeParts } from './open_node.ts';
import { refusedWords, verdictWords } from './words.ts';

/** The section of the page: a table for each order, its rows put together where they are alike on every kernel. */
export function andThenParts(all: readonly AndThen[]): string[] {
  return [
    '## And then',
    'The device is unbound; then somebody cleans up. What each call gives, in its order, by how the device was used: the users end (kill), umount, bind, mkfs and mount of the same type, and where that is EEXIST with another one. Calls that a cell does not name are ok. Each case is asked on a host of its own, with the default kill policy; what a report says of it is the hazard `unsafe_clean_up` (CLEAN1), and `advice` of the device has the order that is clean, where there is one (ADV10). The rules name the sequences that were recorded.',
    usesTable(),
    ...(Object.keys(ORDERS) as OrderName[]).flatMap((order) => [
      `### ${order}`,
      tableOf(all.filter((one) => one.order === order)),
    ]),
    ...openNodeParts(),
  ];
}

function usesTable(): string {
  const rows = Object.entries(USES).map(([use, about]) => `| ${use} | ${about} |`);
  return ['| used | |', '|---|---|', ...rows].join('\n');
}

function tableOf(all: readonly AndThen[]): string {
  const byCase = [...collect(all, ({ place, use }) => `${place.id} | ${use}`)];
  const some = byCase.filter(([, own]) => own.some(({ refused }) => refused === null));
  const rows = collect(some, ([, own]) => cellsOf(own));
  const body = [...rows].map(([cells, cases]) => `| ${namesOf(cases.map(([name]) => name))} | ${cells} |`);
  return [`| | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...body].join('\n');
}

function cellsOf(own: readonly AndThen[]): string {
  return COLUMNS.map((kernel) => cellText(own.find((one) => one.kernel === kernel)!)).join(' | ');
}

function cellText({ refused, state, verdict, given, rules }: AndThen): string {
  if (refused !== null) return refusedWords(refused);
  const head = verdictWords({ state, verdict });
  const told = given.filter(({ gives }) => gives !== 'ok').map(givenWords);
  const cited = rules.length === 0 ? '' : `<br><sub>${rules.join(' ')}</sub>`;
  return `${head}: ${told.length === 0 ? 'all ok' : told.join(', ')}${anotherWords(given)}${cited}`;
}

function givenWords({ call, gives }: Given): string {
  return `${call} ${gives.replace(/^(?:oops|hangs)/, (word) => `**${word}**`)}`;
}

function anotherWords(given: readonly Given[]): string {
  const another = given.find(({ call }) => call === 'with another type');
  return another?.gives === 'ok' ? ' (another type: ok)' : '';
}

/** `place | use` of every case → the places of each set of uses. */
function namesOf(cases: readonly string[]): string {
  const places = collect(cases, (name) => name.split(' | ')[0]!);
  const alike = collect([...places], ([, own]) => own.map((name) => name.split(' | ')[1]).join('; '));
  return [...alike]
    .map(([uses, own]) => `${own.map(([place]) => place).join('<br>')}<br>*${uses}*`)
    .join('<br>');
}

function collect<T>(all: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) found.set(by(one), [...(found.get(by(one)) ?? []), one]);
  return found;
}
