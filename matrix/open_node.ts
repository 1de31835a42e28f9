import type { Command } from '../src/engine/model/command.ts';
import type { OpenFile } from '../src/engine/model/open_file.ts';
import type { Outcome } from '../src/engine/model/outcome.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import type { KernelName } from '../src/engine/model/vocabulary.ts';
import { words } from '../src/engine/questions/words.ts';
import {
  addDevice,
  addProcess,
  machine,
  removeDevice,
  returned,
  type Machine,
} from '../test/engine/support.ts';
import { COLUMNS } from './collapse.ts';

const DEVDAX = 'dax0.0';

/** What is done behind the open of the node by a process that maps nothing. */
const ORDERS = [
  ['unbind'],
  ['unbind', 'close'],
  ['unbind', 'bind'],
  ['unbind', 'close', 'bind'],
  ['unbind', 'bind', 'close'],
  ['unbind', 'bind', 'close', 'unbind', 'bind'],
  ['unbind the parent'],
  ['unbind the parent', 'bind the parent'],
] as const;
type Call = (typeof ORDERS)[number][number];

/** What a descriptor of a device-dax that is open over an unbind makes of its node, by kernel (S13-S19). */
export function openNodeParts(): string[] {
  const rows = ORDERS.map((order) => {
    const cells = COLUMNS.map((kernel) => cellOf(kernel, order));
    return `| ${order.join(', ')} | ${cells.join(' | ')} |`;
  });
  return [
    '### the node of a device-dax that is open',
    'A process has opened the node, and maps nothing; then come the calls of a row, its end is as a close. What an mmap through its descriptor gets, an open of the node by another process, and the mmap of that one; last the `advice` of the device behind these calls, where it has any. A close before the next bind keeps the node; behind it nobody opens the node any more, until another unbind and bind (S19, CDEV5).',
    [`| | ${COLUMNS.join(' | ')} |`, `|---${'|---'.repeat(COLUMNS.length)}|`, ...rows].join('\n'),
  ];
}

function cellOf(kernel: KernelName, order: readonly Call[]): string {
  const made = machine(kernel);
  addDevice(made, { name: DEVDAX, mode: 'devdax' });
  const first = returned(made.run(opens(addProcess(made))));
  for (const call of order) does(made, call, first);
  const { advice } = made.ask({ type: 'survey_holders', dax_device: DEVDAX });
  const behind = advice.filter(({ action }) => action === 'clean_up' || action === 'reboot');
  const told = behind.map(({ action, targets }) => `<br>${action}: ${targets.join(', ')}`);
  const own = order.some((call) => call === 'close') ? [] : [`mmap ${gets(made, maps(first))}`];
  return [...own, ...newcomer(made)].join(', ') + told.join('');
}

/** What another process gets that opens the node, and maps what it has opened. */
function newcomer(made: Machine): string[] {
  const opened = made.try(opens(addProcess(made)));
  if (isRefusal(opened)) return [`open ${String(opened.errno)}`];
  return ['open ok', `its mmap ${gets(made, maps(returned(opened.answer)))}`];
}

function does(made: Machine, call: Call, { id }: OpenFile): void {
  switch (call) {
    case 'unbind':
      return void removeDevice(made, { dax_device: DEVDAX, via: 'device_dax' });
    case 'unbind the parent':
      return void removeDevice(made, { dax_device: DEVDAX, via: 'dax_pmem' });
    case 'bind':
      return void made.run({ type: 'bind', dax_device: DEVDAX });
    case 'bind the parent':
      return void made.run({ type: 'bind', dax_device: DEVDAX, driver: 'dax_pmem' });
    case 'close':
      return void made.run({ type: 'close_file', open_file: id });
  }
}

function opens(pid: number) {
  return { type: 'open_file', dax_device: DEVDAX, pid, flags: ['rdwr'] } as const;
}

function maps({ id, pid }: OpenFile): Command {
  const shared = { offset: 0, length: 2 ** 21, flags: ['shared'], prot: 'rw' } as const;
  return { type: 'create_mapping', pid, open_file: id, ...shared };
}

function gets(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (isRefusal(decision)) return String(decision.errno);
  const answer = decision.answer as Outcome | object;
  return 'kernel_oopses' in answer ? `**${words(answer)}**` : 'ok';
}
