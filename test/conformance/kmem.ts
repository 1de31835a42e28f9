import { actualAnswer, actualCommand, aliveWords, expectedAnswer, expectedCommand } from './answer.ts';
import { removeStep } from './event.ts';
import { signalChecks } from './signals.ts';
import { blocksOf, offlineAll, onlineMovable } from './kmem_blocks.ts';
import { kmemFollowUps } from './kmem_follow_ups.ts';
import { listedBlocks, nodeChecks, regionCheck, zoneCheck } from './kmem_memory.ts';
import { remember } from './processes.ts';
import type { Answer, Command, Given, MachineState, Observed, Signal } from './recording.ts';
import { removeToRest } from './rest.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';
import { machineStep } from './state.ts';
import type { RecordingView } from './view.ts';

const PAGE = 4096;
const OWNER = 'owner';
const DEVICE = {
  name: 'dax0.0',
  mode: 'devdax',
  size: 1054867456,
  align: 2097152,
  phys_addr: '0x101200000',
  provider: 'ACPI.NFIT',
  numa_node: 0,
  target_node: 1,
};

interface KmemGiven extends Given {
  readonly auto_online_blocks: { readonly kernel_default: string; readonly during_the_scenario: string };
  readonly converted_with: Command;
  readonly node1?: readonly string[];
  readonly zones?: string;
  readonly fill?: Answer & { readonly pages_ok: number };
  readonly numa_maps?: readonly string[];
}

interface KmemObserved extends Observed {
  readonly offline?: Command & { readonly blocked_after_seconds?: number };
  readonly owner_numa_maps_after_offline?: readonly string[];
  readonly owner_alive?: boolean;
  readonly owner_data?: Answer & { readonly pages_match: number };
  readonly owner_signals?: { readonly signals: readonly Signal[]; readonly delivered_total: number };
  readonly state_before?: MachineState;
  readonly state_online?: MachineState;
  readonly node1_after?: readonly string[];
}

/** Whether a recording is of a dax device that was given to kmem before the event. */
export function isKmem(given: Given): boolean {
  return (given as Partial<KmemGiven>).converted_with !== undefined;
}

/** The device becomes System RAM, a process fills a part of it, kmem is unbound, and what is tried then. */
export function kmemSteps(recorded: RecordingView): Step[] {
  const view = { ...recorded, device: DEVICE.name, devdax: true };
  const given = view.given as KmemGiven;
  const observed = view.observed as KmemObserved;
  return [
    ...hostSteps(view, given),
    setup('dax device', (world) => world.call('POST', hostPath(world, '/dax-devices'), DEVICE)),
    ...stateSteps(view, 'before', observed.state_before),
    ...conversion(view, given),
    ...stateSteps(view, 'online', observed.state_online),
    ...fillSteps(view, given),
    ...offlineSteps(view, observed),
    ...(observed.event === undefined ? [] : [removeStep(view, observed.event)]),
    ...ownerSteps(observed),
    ...stateSteps(view, 'after', observed.state_after),
    nodeStep(view, 'after', observed.node1_after ?? []),
    ...kmemFollowUps(view, (answer, name) => dataStep(answer as KmemObserved['owner_data'], name)),
    ...stateSteps(view, 'at the end', observed.state_end, parentBehind(view)),
  ];
}

/** The default of the distribution build, then the policy that the scenario ran with. */
function hostSteps(view: RecordingView, { auto_online_blocks: policy }: KmemGiven): Step[] {
  return [
    {
      label: 'host',
      request: (world) => world.call('POST', '/v1/hosts', { name: world.host, kernel: view.kernel }),
      checks: [
        {
          name: 'auto_online_blocks default',
          class: 'core',
          expected: policy.kernel_default,
          actual: ({ body }) => String(body.auto_online_blocks),
        },
      ],
    },
    setup('auto_online_blocks', (world) =>
      world.call('PATCH', hostPath(world), { auto_online_blocks: policy.during_the_scenario }),
    ),
  ];
}

/** `/proc/iomem`, drivers and counters; where the parent's own unbind hangs, its driver is no observation of ours. */
function stateSteps(
  view: RecordingView,
  when: string,
  state: MachineState | undefined,
  hanging = '',
): Step[] {
  if (state === undefined) return [];
  const { iomem, ...others } = state;
  const block = (state.devices?.nd_pmem ?? []).length > 0;
  const step = machineStep({ ...view, devdax: !block }, when, others);
  const checks = step.checks.map((check) =>
    check.name.startsWith('dax_pmem') ? { ...check, name: `${check.name}${hanging}` } : check,
  );
  return [{ ...step, checks: [...checks, ...(iomem === undefined ? [] : [regionCheck(when, iomem)])] }];
}

function parentBehind({ observed }: RecordingView): string {
  const hangs = (observed.follow_ups ?? []).some(
    ({ do: said, result }) => said === 'unbind the parent dax_pmem' && result?.blocked === true,
  );
  return hangs ? ', its unbind behind that of kmem' : '';
}

/** `daxctl reconfigure-device -m system-ram`: rebinds, then brings online as movable what the kernel has not. */
function conversion(view: RecordingView, given: KmemGiven): Step[] {
  const cmd = given.converted_with.cmd ?? '';
  const kmem: Step = {
    label: cmd,
    request: async (world) => {
      await removed(view, world);
      const path = hostPath(world, `/dax-devices/${view.device}/bind`);
      const reply = await world.call('POST', path, { mode: 'system-ram' });
      if (reply.status < 300 && !/ (?:-N|--no-online) /.test(cmd)) await onlineMovable(view, world);
      return reply;
    },
    checks: [
      { name: cmd, class: 'core', expected: expectedCommand(given.converted_with), actual: actualCommand },
    ],
  };
  return [
    kmem,
    listedBlocks(view, given.converted_with.stdout ?? ''),
    nodeStep(view, 'before', given.node1 ?? []),
    ...(given.zones === undefined ? [] : [zoneCheck(view, given.zones)]),
  ];
}

async function removed(view: RecordingView, world: World): Promise<Reply> {
  const path = hostPath(world, `/dax-devices/${view.device}/remove`);
  return removeToRest(world, path, { trigger: 'unbind' });
}

function nodeStep(view: RecordingView, when: string, lines: readonly string[]): Step {
  return {
    label: `node 1 ${when}`,
    request: (world) =>
      world.call('GET', hostPath(world, `/dax-devices/${view.device}/memory-blocks?limit=500`)),
    checks: nodeChecks(when, lines),
  };
}

/** A process fills memory that its policy places on the node, and may pin all of it. */
function fillSteps(view: RecordingView, { fill, numa_maps, pin }: KmemGiven): Step[] {
  if (fill === undefined) return [];
  const length = fill.pages_ok * PAGE;
  const there = /\bN1=(\d+)/.exec((numa_maps ?? []).join(' '))?.[1] ?? '0';
  return [
    setup(
      `${OWNER}: start`,
      (world) =>
        world.call('POST', hostPath(world, '/processes'), {
          comm: 'probe',
          tenant: OWNER,
          sigbus: 'handled',
        }),
      (made, world) => world.ids.set(`pid:${OWNER}`, String(made.pid)),
    ),
    setup(
      `${OWNER}: mmap`,
      (world) => {
        const pid = Number(idOf(world, `pid:${OWNER}`));
        const how = { offset: 0, length, flags: ['private'], prot: 'rw' };
        return world.call('POST', hostPath(world, '/mappings'), { pid, dax_device: view.device, ...how });
      },
      (made, world) => remember(world, OWNER, made),
    ),
    {
      label: `${OWNER}: fill`,
      request: (world) => touch(world, 'write', length),
      checks: [
        { name: 'fill', class: 'core', expected: expectedAnswer(fill), actual: ownAnswer },
        {
          name: 'pages on node 1',
          class: 'core',
          expected: there,
          actual: async (_reply, world) => {
            const blocks = await blocksOf(view, world);
            return String(blocks.reduce((sum, block) => sum + Number(block.pages_in_use), 0));
          },
        },
      ],
    },
    ...(pin === undefined ? [] : [pinStep(pin as unknown as Answer, length)]),
  ];
}

function touch(world: World, kind: 'read' | 'write', length: number): Promise<Reply> {
  const path = hostPath(world, `/mappings/${idOf(world, `mapping:${OWNER}`)}/access`);
  return world.call('POST', path, { kind, offset: 0, length });
}

function ownAnswer(reply: Reply, world: World): string {
  return actualAnswer(reply, world, OWNER);
}

function pinStep(pin: Answer, length: number): Step {
  return {
    label: `${OWNER}: pin`,
    request: (world) => {
      const [pid, mapping] = [Number(idOf(world, `pid:${OWNER}`)), idOf(world, `mapping:${OWNER}`)];
      const how = { offset: 0, length, kind: 'longterm', holder: 'io_uring' };
      return world.call('POST', hostPath(world, '/pins'), { pid, mapping, ...how });
    },
    checks: [{ name: 'pin', class: 'core', expected: expectedAnswer(pin), actual: actualCommand }],
  };
}

/** `daxctl offline-memory`: block by block, until one says no or does not return. */
function offlineSteps(view: RecordingView, observed: KmemObserved): Step[] {
  const { offline, owner_numa_maps_after_offline: maps } = observed;
  if (offline === undefined) return [];
  const away = /\banon=65536 .*\bN0=(\d+)/.exec((maps ?? []).join('\n'))?.[1];
  return [
    {
      label: offline.cmd ?? 'offline',
      request: (world) => offlineAll(view, world),
      checks: [
        {
          name: 'daxctl offline-memory',
          class: 'core',
          expected: expectedCommand(offline),
          actual: actualCommand,
        },
        ...(away === undefined
          ? []
          : [
              {
                name: 'pages on node 0',
                class: 'core',
                expected: away,
                actual: async (_reply: Reply, world: World) => {
                  const { body } = await world.call(
                    'GET',
                    hostPath(world, `/mappings/${idOf(world, `mapping:${OWNER}`)}`),
                  );
                  return String((body.present as Body).anon);
                },
              } as const,
            ]),
      ],
    },
  ];
}

function ownerSteps({ owner_alive, owner_data, owner_signals }: KmemObserved): Step[] {
  if (owner_data === undefined) return [];
  const alive = {
    name: 'owner alive',
    class: 'core',
    expected: owner_alive === true ? 'alive' : 'dead',
  } as const;
  return [
    {
      label: 'owner at rest',
      request: (world) => world.call('GET', hostPath(world, `/processes/${idOf(world, `pid:${OWNER}`)}`)),
      checks: [
        { ...alive, actual: (_reply, world) => aliveWords(world, OWNER) },
        ...(owner_signals === undefined
          ? []
          : signalChecks(OWNER, owner_signals.signals, owner_signals.delivered_total)),
      ],
    },
    dataStep(owner_data, "owner's data"),
  ];
}

/** The owner reads all that it has filled: its own data, or another's. */
function dataStep(data: KmemObserved['owner_data'], name: string): Step {
  const pages = data?.pages_match ?? 0;
  return {
    label: name,
    request: (world) => touch(world, 'read', Math.max(pages, 1) * PAGE),
    checks: [
      {
        name,
        class: 'core',
        expected: data?.ok === true && pages > 0 ? 'own' : 'not own',
        actual: ({ body }) => {
          const of = body.data_of as Body | null | undefined;
          return body.result === 'ok' && body.stale === false && of?.tenant === OWNER ? 'own' : 'not own';
        },
      },
    ],
  };
}
