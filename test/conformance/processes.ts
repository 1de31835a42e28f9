import { readStep } from './acts.ts';
import { refusalWords } from './answer.ts';
import type { GivenProcess } from './recording.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import type { RecordingView } from './view.ts';

const MIB = 1048576;
const PAGE = 4096;

export interface Touch {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'read' | 'write';
}

/** A process as the recordings describe one: how it handles SIGBUS, what it maps and how, what it has touched. */
export interface Probe extends GivenProcess {
  readonly name: string;
}

/** Every process in the order it was started, mapped and touching; then sync, then what was dirtied again. */
export function processSteps(view: RecordingView): Step[] {
  const steps = view.processes.flatMap(([name, process]) => probeSteps(view, { ...process, name }));
  const again = view.processes.filter(([, process]) => /dirtied again/.test(process.touched_before ?? ''));
  if (again.length === 0) return [...steps, ...view.processes.flatMap(([name]) => mappedStep(view, name))];
  const files = new Map(again.map(([name, { file }]) => [file ?? '', name] as const));
  const sync = [...files].map(([file, name]) => fsyncStep(name, file));
  const dirtied = again.map(([name]) => touchStep(name, { offset: 0, length: 2 * MIB, kind: 'write' }, []));
  return [...steps, ...sync, ...dirtied, ...view.processes.flatMap(([name]) => mappedStep(view, name))];
}

/** fork or exec, mmap, first touches of one process. */
export function probeSteps(view: RecordingView, probe: Probe): Step[] {
  const born = setup(
    `${probe.name}: start`,
    (world) => world.call('POST', hostPath(world, '/processes'), processBody(world, probe)),
    (made, world) => world.ids.set(`pid:${probe.name}`, String(made.pid)),
  );
  if (probe.mmap_failed !== undefined) return [born, refusedMmap(view, probe, probe.mmap_failed)];
  const mapped = probe.inherited_from === undefined ? mmapStep(view, probe) : inheritedStep(probe);
  const touches = touchesOf(probe.touched_before ?? 'nothing');
  return [
    born,
    mapped,
    ...touches.map((touch, n) => touchStep(probe.name, touch, faultChecks(probe, touches, n))),
  ];
}

function processBody(world: World, probe: Probe): Body {
  const parent =
    probe.inherited_from === undefined
      ? {}
      : { parent_pid: Number(idOf(world, `pid:${probe.inherited_from}`)) };
  return {
    comm: 'probe',
    mce_kill: probe.PR_MCE_KILL ?? 'default',
    sigbus: probe.handler ? 'handled' : 'default',
    ...parent,
  };
}

/** `shared ro skew` → flags, protection and the address moved by 4 KiB so that no larger entry fits. */
function mmapBody(view: RecordingView, world: World, probe: Probe, length: number, how: string): Body {
  const words = new Set(how.split(' '));
  const file = probe.file ?? view.processes.find(([, { file }]) => file !== undefined)?.[1].file ?? '';
  const target = file.startsWith('/dev/')
    ? { dax_device: view.device }
    : { file: idOf(world, `file:${file}`) };
  return {
    pid: Number(idOf(world, `pid:${probe.name}`)),
    ...target,
    offset: 0,
    length,
    flags: words.has('private') ? ['private'] : words.has('sync') ? ['shared', 'sync'] : ['shared'],
    prot: words.has('ro') ? 'r' : 'rw',
    ...(words.has('skew') ? { page_size: '4KiB' } : {}),
  };
}

/** What opens the node of the device for a process. */
export function nodeBody(view: RecordingView, world: World, name: string): Body {
  return { pid: Number(idOf(world, `pid:${name}`)), dax_device: view.device, flags: ['rdwr'] };
}

/** A node is opened beforehand: its descriptor stays open. */
function mmapStep(view: RecordingView, probe: Probe): Step {
  const mmap = async (world: World): Promise<Reply> => {
    const named = mmapBody(view, world, probe, probe.length ?? 4 * MIB, probe.mapping ?? 'shared');
    const { dax_device, ...how } = named;
    if (dax_device === undefined) return world.call('POST', hostPath(world, '/mappings'), named);
    const opened = await world.call(
      'POST',
      hostPath(world, '/open-files'),
      nodeBody(view, world, probe.name),
    );
    if (opened.status >= 300) return opened;
    const open_file = String(opened.body.id);
    world.ids.set(`fd:${probe.name}`, open_file);
    return world.call('POST', hostPath(world, '/mappings'), { ...how, open_file });
  };
  return setup(`${probe.name}: mmap`, mmap, (made, world) => remember(world, probe.name, made));
}

export function remember(world: World, name: string, mapping: Body): void {
  world.ids.set(`mapping:${name}`, String(mapping.id));
  world.ids.set(`address:${name}`, String(mapping.address));
}

function inheritedStep(probe: Probe): Step {
  return setup(`${probe.name}: inherited mapping`, (world) => inherited(world, probe.name));
}

/** The one mapping that a child has from its parent. */
export async function inherited(world: World, name: string): Promise<Reply> {
  const reply = await world.call('GET', hostPath(world, `/mappings?pid=${idOf(world, `pid:${name}`)}`));
  const [mapping] = (reply.body.items as Body[] | undefined) ?? [];
  if (mapping !== undefined) remember(world, name, mapping);
  return reply;
}

/** `NAME: mmap LENGTH OFFSET HOW: {… 'errno': 'EINVAL' …}` */
function refusedMmap(view: RecordingView, probe: Probe, failure: string): Step {
  const [, length = '', how = ''] = /mmap (\d+) \d+ ([a-z ]*?) ?:/.exec(failure) ?? [];
  const expected = /'errno': '(\w+)'/.exec(failure)?.[1] ?? '?';
  const named =
    /\/dev\//.test(probe.file ?? '') || view.devdax ? { ...probe, file: `/dev/${view.device}` } : probe;
  return {
    label: `${probe.name}: mmap`,
    request: (world) =>
      world.call('POST', hostPath(world, '/mappings'), mmapBody(view, world, named, Number(length), how)),
    checks: [
      {
        name: `${probe.name} mmap`,
        class: 'core',
        expected,
        actual: (reply) => (reply.status < 300 ? 'ok' : refusalWords(reply)),
      },
    ],
  };
}

function touchStep(name: string, touch: Touch, checks: readonly Check[]): Step {
  return {
    label: `${name}: touch`,
    request: (world) =>
      world.call('POST', hostPath(world, `/mappings/${idOf(world, `mapping:${name}`)}/access`), touch),
    checks,
  };
}

/** The kernel's trace of page faults against the last touch's count, by size of entry. */
function faultChecks(probe: Probe, touches: readonly Touch[], n: number): Check[] {
  const traced = probe.dax_faults;
  // The trace points are DAX's own: nothing of a mapping through the page cache is traced.
  if (traced === undefined || Object.keys(traced).length === 0 || n !== touches.length - 1) return [];
  const pmd = traced['dax_pmd_fault_done NOPAGE'] ?? 0;
  const pte = traced['dax_pte_fault_done NOPAGE'] ?? 0;
  return [
    {
      name: `${probe.name} faults`,
      class: 'detail',
      expected: `pmd ${pmd} pte ${pte}`,
      actual: ({ body }) => {
        const faults = (body.faults ?? {}) as { pmd?: number; pte?: number };
        return `pmd ${faults.pmd ?? '?'} pte ${faults.pte ?? '?'}`;
      },
    },
  ];
}

/** `first 2 MiB, write: 512 pages` and the other phrases of `touched_before`. */
function touchesOf(phrase: string): Touch[] {
  if (phrase.startsWith('page 0 written')) {
    return [
      { offset: 0, length: PAGE, kind: 'write' },
      { offset: PAGE, length: 2 * MIB - PAGE, kind: 'read' },
    ];
  }
  const [, mib, kind] = /^first (\d+) MiB,? (r|w)/.exec(phrase) ?? [];
  if (mib === undefined) return [];
  return [{ offset: 0, length: Number(mib) * MIB, kind: kind === 'w' ? 'write' : 'read' }];
}

function fsyncStep(name: string, file: string): Step {
  return setup(`${name}: sync`, (world) => {
    const body = { pid: Number(idOf(world, `pid:${name}`)), kind: 'fsync', offset: 0, length: 0 };
    return world.call('POST', hostPath(world, `/files/${idOf(world, `file:${file}`)}/io`), body);
  });
}

/** Whether the first page is mapped before the event, as pagemap showed it, and a read of what was touched. */
function mappedStep(view: RecordingView, name: string): Step[] {
  const { pagemap_first_page, read } = view.observed.processes?.[name]?.before ?? {};
  const shown = pagemap_first_page?.present;
  return [
    ...(shown === undefined ? [] : [pagemapStep(name, 'before', shown)]),
    ...(typeof read !== 'object' ? [] : [readStep(name, `${name} read before`, read)]),
  ];
}

export function pagemapStep(name: string, when: string, present: boolean): Step {
  return {
    label: `${name}: mapped ${when}`,
    request: (world) => world.call('GET', hostPath(world, `/mappings/${idOf(world, `mapping:${name}`)}`)),
    checks: [
      {
        name: `${name} pagemap ${when}`,
        class: 'detail',
        expected: present ? 'present' : 'absent',
        actual: ({ body }) => {
          const counts = Object.values((body.present ?? {}) as Record<string, number>);
          return counts.some((count) => count > 0) ? 'present' : 'absent';
        },
      },
    ],
  };
}
