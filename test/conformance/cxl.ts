import { access } from './acts.ts';
import {
  actualAnswer,
  actualCommand,
  expectedAnswer,
  expectedEvent,
  look,
  text,
  verdictWords,
} from './answer.ts';
import { remove, removalWords } from './event.ts';
import { signalChecks } from './signals.ts';
import { ndctlStep } from './listings.ts';
import { probeSteps } from './processes.ts';
import type { Answer, Command, Event, FollowUp, Given, MachineState, Observed, Signal } from './recording.ts';
import { machineStep } from './state.ts';
import { removeAllToRest } from './rest.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { fileStep, hostStep, mountStep } from './topology.ts';
import type { RecordingView } from './view.ts';

const MIB = 1048576;
const LENGTH = 4 * MIB;
const READER = 'reader';
const DEFAULT = 'default_disposition';
const FILE = '/mnt/a/f';
const REGION = 'region0';

interface CxlGiven extends Given {
  readonly memdev?: string;
  readonly pci?: string;
  readonly setup?: readonly Command[];
}
interface CxlObserved extends Observed {
  readonly verdict?: string;
  readonly read_before?: Answer;
  readonly event?: Event & { readonly without_force?: Command; readonly with_force?: Command };
  readonly reader?: {
    readonly at_rest?: {
      readonly alive: boolean;
      readonly signals: readonly Signal[];
      readonly signals_delivered_total: number;
    };
    readonly read_touched?: Answer;
    readonly write_touched?: Answer;
    readonly read_untouched?: Answer;
  };
  readonly default_disposition?: { readonly alive_at_rest: boolean; readonly read?: Answer };
  readonly state_before?: CxlState;
  readonly state_after?: CxlState;
}
type CxlState = MachineState & { readonly cxl_bus?: readonly string[] };
type CxlView = RecordingView & { readonly given: CxlGiven; readonly observed: CxlObserved };

/** Whether a recording is of a device on a CXL region that something happens to. */
export function isCxl(given: Given, { event }: Observed): boolean {
  return given.topology === 'cxl' && event !== undefined;
}

/** A persistent region of one memdev, mapped by two processes; what is unbound, and what is left of the chain. */
export function cxlSteps(view: RecordingView): Step[] {
  const { given, observed } = view as CxlView;
  const { reader = {}, state_before, state_after, follow_ups = [] } = observed;
  const touches: readonly (readonly [string, Answer | undefined, Body])[] = [
    ['read touched', reader.read_touched, { kind: 'read', offset: 4096, length: 24 }],
    ['write touched', reader.write_touched, { kind: 'write', offset: 8192, length: 5 }],
    // A page that was never written reads zeros wherever it is: whose they are, nothing tells.
    ['read untouched', withoutData(reader.read_untouched), { kind: 'read', offset: 3 * MIB, length: 24 }],
  ];
  return [
    hostStep(view),
    deviceStep(view),
    ...(view.devdax ? [] : [mountStep(view, '/mnt/a', null), fileStep(given, FILE, LENGTH)]),
    ...mappers(view),
    ...(state_before === undefined ? [] : stateSteps(view, 'before', state_before)),
    ...answerSteps('read before', observed.read_before, { kind: 'read', offset: 4096, length: 24 }),
    ...eventSteps(view),
    ...restSteps(observed),
    ...touches.flatMap(([name, answer, body], n) =>
      answerSteps(name, answer, body, n === 0 ? verdictChecks(observed) : []),
    ),
    ...defaultSteps(observed),
    ...(state_after === undefined ? [] : stateSteps(view, 'after', state_after)),
    ...follow_ups.flatMap((item) => followUp(view as CxlView, item)),
  ];
}

/** The device as ndctl made it on the region. */
function deviceStep({ given, device, devdax }: CxlView): Step {
  const created = (given.setup ?? []).find(({ cmd }) => cmd?.startsWith('ndctl create-namespace'));
  const { size } = JSON.parse(created?.stdout ?? '{"size":534773760}') as { size: number };
  const memdev = { name: given.memdev ?? 'mem0', serial: '0x1', pci: given.pci ?? null };
  const body = {
    name: device,
    mode: devdax ? 'devdax' : 'fsdax',
    size,
    align: 2097152,
    provider: 'CXL',
    numa_node: 0,
    cxl: { region: REGION, memdevs: [memdev] },
  };
  return setup('dax device', (world) => world.call('POST', hostPath(world, '/dax-devices'), body));
}

function mappers(view: RecordingView): Step[] {
  const shared = {
    file: view.devdax ? `/dev/${view.device}` : FILE,
    length: LENGTH,
    mapping: 'shared',
    touched_before: 'first 2 MiB, r',
  };
  return [
    ...probeSteps(view, { ...shared, name: READER, handler: true }),
    ...probeSteps(view, { ...shared, name: DEFAULT, handler: false }),
  ];
}

/** Which driver was unbound under the device, the function under the memdev, or what cxl(1) was told. */
function eventSteps(view: CxlView): Step[] {
  const { event = {} } = view.observed;
  const via = /drivers\/(cxl_mem|cxl_pci|cxl_region)\/unbind/.exec(event.do ?? '')?.[1];
  if (via !== undefined) {
    const request = async (world: World): Promise<Reply> => remove(view, world, { via });
    const check = { name: 'event', class: 'core', expected: 'completed', actual: removalWords } as const;
    return [{ label: 'remove', request, checks: [check] }];
  }
  const { without_force, with_force } = event;
  const tool = [
    ...(without_force === undefined
      ? []
      : [toolStep('cxl disable-memdev', 'cxl_disable_memdev', without_force, view)]),
    ...(with_force === undefined
      ? []
      : [toolStep('cxl disable-memdev -f', 'cxl_disable_memdev_force', with_force, view)]),
  ];
  // A hot-unplug request that nobody serves is no request of the API either.
  return event.do === 'echo 1 > remove' ? [toolStep('PCI remove', 'cxl_pci', { rc: 0 }, view)] : tool;
}

function toolStep(name: string, via: string, { rc }: Command, { given }: CxlView): Step {
  return {
    label: name,
    request: (world) => {
      const path = hostPath(world, `/cxl-memdevs/${given.memdev ?? 'mem0'}/remove`);
      return removeAllToRest(world, path, { trigger: 'unbind', via });
    },
    checks: [
      {
        name,
        class: 'core',
        expected: rc === 0 ? 'completed' : 'nothing removed',
        actual: (reply) =>
          reply.status >= 300
            ? removalWords(reply)
            : ((reply.body.removals ?? []) as Body[]).map(({ state }) => text(state)).join(' '),
      },
    ],
  };
}

function restSteps({ reader, default_disposition }: CxlObserved): Step[] {
  const rest = reader?.at_rest;
  const alive: readonly (readonly [string, boolean | undefined])[] = [
    [READER, rest?.alive],
    [DEFAULT, default_disposition?.alive_at_rest],
  ];
  const states = alive.flatMap(([process, lives]): Step[] =>
    lives === undefined
      ? []
      : [
          {
            label: `${process}: at rest`,
            request: (world) =>
              world.call('GET', hostPath(world, `/processes/${idOf(world, `pid:${process}`)}`)),
            checks: [
              {
                name: `${process} alive at rest`,
                class: 'core',
                expected: lives ? 'running' : 'dead',
                actual: ({ body }) => text(body.state),
              },
            ],
          },
        ],
  );
  if (rest === undefined) return states;
  return [
    ...states,
    {
      label: 'signals at rest',
      request: null,
      checks: signalChecks(READER, rest.signals, rest.signals_delivered_total),
    },
  ];
}

/** An access of the reader; a read of bytes also says whether they are the owner's or nobody's. */
function answerSteps(
  name: string,
  answer: Answer | undefined,
  body: Body,
  more: readonly Check[] = [],
): Step[] {
  if (answer === undefined) return [];
  const checks: Check[] = [
    {
      name: `${READER} ${name}`,
      class: 'core',
      expected: withData(expectedAnswer(answer), answer),
      actual: (reply, world) => actualWithData(reply, world, READER, answer),
    },
    ...more,
  ];
  return [{ label: name, request: (world) => access(world, READER, body), checks }];
}

/** Touched pages hold OLD-OWNER-DATA; zeros in their place are what an address reads that nothing decodes. */
function withData(words: string, { data }: Answer): string {
  if (words !== 'ok' || typeof data !== 'string') return words;
  if (data.startsWith('OLD')) return 'ok old data';
  return /^\0*$/.test(data) ? 'ok zeros' : 'ok other data';
}

function withoutData(answer: Answer | undefined): Answer | undefined {
  if (answer === undefined) return undefined;
  const { data: _data, ...rest } = answer;
  return rest;
}

function actualWithData(reply: Reply, world: World, process: string, { data }: Answer): string {
  const words = actualAnswer(reply, world, process);
  if (words !== 'ok' || typeof data !== 'string') return words;
  return reply.body.data_of === null ? 'ok zeros' : 'ok old data';
}

/** The recording's verdict, by the read of the touched page. */
function verdictChecks({ verdict }: CxlObserved): Check[] {
  if (verdict === undefined) return [];
  const actual = (reply: Reply, world: World): string => verdictWords(actualAnswer(reply, world, READER));
  return [{ name: 'verdict', class: 'core', expected: verdict, actual }];
}

function defaultSteps({ default_disposition }: CxlObserved): Step[] {
  const answer = default_disposition?.read;
  if (answer === undefined) return [];
  return [
    {
      label: `${DEFAULT} read`,
      request: (world) => access(world, DEFAULT, { kind: 'read', offset: 4096, length: 24 }),
      checks: [
        {
          name: `${DEFAULT} read`,
          class: 'core',
          expected: withData(expectedAnswer(answer), answer),
          actual: (reply, world) => actualWithData(reply, world, DEFAULT, answer),
        },
      ],
    },
  ];
}

/** Drivers and ranges as everywhere, and the devices of the CXL bus. */
function stateSteps(view: RecordingView, when: string, state: CxlState): Step[] {
  const bus = state.cxl_bus ?? [];
  const kept = (state.iomem ?? []).some((line) => line.endsWith(`: ${REGION}`));
  return [
    machineStep(view, when, state),
    chainStep(when, {
      memdev: bus.includes('mem0')
        ? bus.some((name) => name.startsWith('endpoint'))
          ? 'enabled'
          : 'disabled'
        : 'gone',
      // cxl_nvdimm: pmem0 on the CXL bus carries nmem0.
      nmem: bus.includes('pmem0') ? 'there' : 'gone',
      region: bus.includes('pmem_region0') ? 'enabled' : 'disabled',
      resource: kept ? 'kept' : 'free',
    }),
  ];
}

type Chain = Readonly<
  Partial<Record<'memdev' | 'memdev name' | 'nmem' | 'region' | 'resource' | 'decode' | 'targets', string>>
>;

/** What a listing, or sysfs, shows of memdev and region. */
function chainStep(when: string, expected: Chain): Step {
  return {
    label: `CXL chain ${when}`,
    request: chainNow,
    checks: Object.entries(expected).map(([what, words]) => ({
      name: `${what} ${when}`,
      class: 'core',
      expected: words,
      actual: ({ body }) => text(body[what]),
    })),
  };
}

async function chainNow(world: World): Promise<Reply> {
  const { items = [] } = (await look(world, '/cxl-memdevs')) as { items?: Body[] };
  const region = await look(world, `/cxl-regions/${REGION}`);
  const [memdev] = items;
  const body = {
    memdev: memdev?.state,
    'memdev name': memdev?.state === 'gone' ? 'none' : memdev?.name,
    nmem: memdev?.nmem === null ? 'gone' : 'there',
    region: region.state,
    resource: region.name === REGION ? 'kept' : 'free',
    decode: region.decode_state,
    targets: String(((region.mappings ?? []) as unknown[]).length),
  };
  return { status: 200, body, headers: {} };
}

function followUp({ given, device }: CxlView, item: FollowUp): Step[] {
  const { cmd = '', stdout = '[]', answer } = item;
  const said = item.do ?? '';
  if (answer !== undefined) return answerSteps(said, answer, { kind: 'read', offset: 4096, length: 24 });
  if (cmd.startsWith('cxl list')) return [chainStep(`in ${cmd}`, listedChain(JSON.parse(stdout)))];
  if (cmd.startsWith('ndctl list')) return [ndctlStep('ndctl list', item)];
  const driver = /drivers\/(cxl_mem|cxl_pci)\/bind/.exec(said)?.[1];
  const memdev = given.memdev ?? 'mem0';
  const ask = (world: World): Promise<Reply> =>
    driver === undefined
      ? world.call('POST', hostPath(world, '/hotplug-events'), { action: 'add', dax_device: device })
      : world.call('POST', hostPath(world, `/cxl-memdevs/${memdev}/bind`), { driver });
  const check = { name: said, class: 'core', expected: expectedEvent(item), actual: actualCommand } as const;
  return [{ label: said, request: ask, checks: [check] }];
}

/** Memdev and region out of `cxl list -vvv`, wherever they stand in it. */
function listedChain(listing: unknown): Chain {
  const memdev = find(listing, 'memdev', 'pmem_size');
  const region = find(listing, 'region', 'decode_state');
  return {
    memdev: memdev === null ? 'gone' : text(memdev.state ?? 'enabled'),
    'memdev name': text(memdev?.memdev ?? 'none'),
    region: text(region?.state ?? 'enabled'),
    decode: text(region?.decode_state),
    targets: String(((region?.mappings ?? []) as unknown[]).length),
  };
}

function find(value: unknown, key: string, other: string): Body | null {
  if (typeof value !== 'object' || value === null) return null;
  const object = value as Body;
  if (typeof object[key] === 'string' && object[other] !== undefined) return object;
  for (const item of Object.values(object)) {
    const found = find(item, key, other);
    if (found !== null) return found;
  }
  return null;
}
