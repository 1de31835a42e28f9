import type { TestBody } from '../support/server.ts';
import { replacedCard } from './act_one.ts';
import { cleanUp } from './act_four.ts';
import { systemRam } from './act_three.ts';
import { longtermPin } from './act_two.ts';
import { openStage, type Stage, type StageHost } from './stage.ts';

/** The columns of a summary, each told from what an act kept of a host. */
const COLUMNS: readonly (readonly [name: string, of: (host: StageHost) => string])[] = [
  ['removal', ({ kept }) => stateOf(bodyOf(kept.get('removal')))],
  ['waited for', ({ kept }) => (waitedFor(bodyOf(kept.get('removal'))) > 0 ? 'the pipe' : 'nobody')],
  ['SIGBUS at rest', ({ kept }) => signalled(bodyOf(kept.get('removal')))],
  ['read globex’s data', (host) => touching(host, 'reads')],
  ['overwrite it', (host) => touching(host, 'writes')],
  ['exposures', ({ kept }) => exposures(bodyOf(kept.get('exposures')))],
  ['hazards', ({ kept }) => hazards(bodyOf(kept.get('removal')))],
];

/**
 * The story of the series of 2021 on every kernel profile, over the HTTP API, as docs/story.md has it: mount, map,
 * pin, surprise removal, replacement under another tenant, old processes; then what it says of longterm pins, and
 * of system RAM, and of cleaning up afterwards.
 */
export async function tellStory(): Promise<string> {
  const ext4 = await play((stage) => replacedCard(stage, { fs_type: 'ext4' }, { fs_type: 'xfs' }));
  const xfs = await play((stage) =>
    replacedCard(stage, { fs_type: 'xfs', rmapbt: true }, { fs_type: 'ext4' }),
  );
  const pin = await play(longtermPin);
  const ram = await play(systemRam, { auto_online_blocks: 'online_movable' });
  const after = await play(cleanUp);
  const parts = [
    INTRO,
    '## In short',
    'The device holds ext4:',
    summary(ext4),
    'The same with xfs and its reverse map (rmapbt), four allocation groups:',
    summary(xfs),
    'On v7.3 the second removal never ends and the card cannot be replaced: nobody else ever owns the pages that are still mapped.',
    '## What the series changes',
    ...changes(ext4),
    '## Act one: the card is replaced (ext4)',
    transcript(ext4),
    '## Act one again: xfs with rmapbt',
    transcript(xfs),
    '## Act two: a longterm pin on device-dax',
    transcript(pin),
    '## Act three: system RAM, and the range that nobody gets back',
    transcript(ram),
    '## Act four: what do I do now?',
    AFTERWARDS,
    transcript(after),
  ];
  return `${parts.join('\n\n')}\n`;
}

const INTRO = `# The story of the series, on every kernel

"mm, pmem: Force unmap pmem on surprise remove", March 2021: a process maps a file of a DAX device, the device goes while the file system is mounted, something else takes its place. Who still reaches the pages?

Written by \`npm run story\`: one script, the same requests to one host of each kernel profile, over the HTTP API. \`$host\` and the like stand for what each host answered before; an answer without a kernel's name is everybody's, a request without an answer succeeded on every host. Every process belongs to tenant acme, except globex's own. 101 reads, 102 has PR_MCE_KILL_EARLY, 103 stores without pause, and a page of what 104 maps is in a pipe (vmsplice). All handle SIGBUS; \`vm.memory_failure_early_kill\` is 0, the default.`;

const AFTERWARDS =
  'The device is gone and its file system is still mounted. Up to v6.12 whoever binds it again first cleans up without harm; who kills and unmounts oopses umount(8), and the name of the superblock stands in the way until a reboot. On v7.3 no order that is tried is safe for what was mapped.';

async function play(
  act: (stage: Stage) => Promise<void>,
  settings?: Record<string, unknown>,
): Promise<Stage> {
  const stage = await openStage(settings);
  try {
    await act(stage);
  } finally {
    await stage.server.close();
  }
  return stage;
}

function transcript({ lines }: Stage): string {
  return ['```text', ...lines.flatMap((line) => (line.startsWith('#') ? ['', line] : [line])), '```'].join(
    '\n',
  );
}

function rowOf(host: StageHost): string[] {
  return COLUMNS.map(([, of]) => of(host));
}

function summary({ hosts }: Stage): string {
  const names = COLUMNS.map(([name]) => name);
  return [
    `| kernel | ${names.join(' | ')} |`,
    `|---${'|---'.repeat(names.length)}|`,
    ...hosts.map((host) => `| ${host.kernel} | ${rowOf(host).join(' | ')} |`),
  ].join('\n');
}

/** Each profile of the series against the kernel it was put on, column by column. */
function changes({ hosts }: Stage): string[] {
  const base = rowOf(hosts.find(({ kernel }) => kernel === 'v5.10')!);
  const series = hosts.filter(({ kernel }) => kernel.startsWith('force-unmap'));
  const rows = series.map((host) => {
    const own = rowOf(host);
    const differ = COLUMNS.flatMap(([name], at) =>
      own[at] === base[at] ? [] : [`${name}: ${own[at] ?? ''} (v5.10: ${base[at] ?? ''})`],
    );
    return `- \`${host.kernel}\`, ${ABOUT[host.kernel] ?? ''}: ${differ.join('; ')}.`;
  });
  return ['On ext4, against v5.10 without it:', rows.join('\n')];
}

const ABOUT: Readonly<Record<string, string>> = {
  'force-unmap': 'as the letter describes it',
  'force-unmap-v5.10': 'as posted, on 5.10',
  'force-unmap-v5.12': 'as posted, with the process selection of its own base',
};

function bodyOf(told: { readonly body: TestBody } | undefined): TestBody {
  if (told === undefined) throw new Error('nothing was kept under that name');
  return told.body;
}

function stateOf(removal: TestBody): string {
  return `${String(removal['state'])}, ${String(removal['verdict'])}`;
}

interface Report {
  readonly pins_waited_for: readonly string[];
  readonly signals: readonly { readonly pid: number; readonly delivery: string }[];
}

function waitedFor(removal: TestBody): number {
  return (removal['report'] as Report).pins_waited_for.length;
}

function signalled(removal: TestBody): string {
  const { signals } = removal['report'] as Report;
  return listed(signals.filter(({ delivery }) => delivery === 'asynchronous').map(({ pid }) => pid));
}

/** Processes whose old mapping served the access. */
function touching({ kept }: StageHost, how: 'reads' | 'writes'): string {
  const pids = [101, 102, 103].filter((pid) => {
    const told = kept.get(`${String(pid)} ${how}`);
    return told !== undefined && told.status < 300 && told.body['stale'] === true;
  });
  return listed(pids);
}

function exposures(list: TestBody): string {
  const writable = list.items.filter((own) => Number(own['writable_pages']) > 0);
  const pids = (items: readonly TestBody[]) => listed(items.map((own) => Number(own['pid'])));
  return writable.length === 0 ? pids(list.items) : `${pids(list.items)}; writable: ${pids(writable)}`;
}

/** Beside the stale mappings and what the pulled card took along. */
function hazards(removal: TestBody): string {
  const kinds = (removal['hazards'] as readonly { kind: string }[]).map(({ kind }) => kind);
  const others = [...new Set(kinds)].filter((kind) => kind !== 'stale_mapping' && kind !== 'data_loss');
  return others.length === 0 ? 'none' : others.join(', ');
}

function listed(pids: readonly number[]): string {
  return pids.length === 0 ? 'nobody' : [...new Set(pids)].join(', ');
}
