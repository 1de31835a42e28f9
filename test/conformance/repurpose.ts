import { access, bindStep } from './acts.ts';
import { actualCommand, expectedCommand, expectedEvent, text } from './answer.ts';
import { removeStep } from './event.ts';
import type { FollowUp, Observed } from './recording.ts';
import { endSteps } from './repurpose_end.ts';
import { HAMMER, HAMMERED, hammerSteps, storeStep } from './repurpose_hammer.ts';
import {
  mapperSteps,
  MIB,
  PAGE,
  reachWords,
  READER,
  scanCheck,
  scanStep,
  TENANT,
  tenantSteps,
} from './repurpose_processes.ts';
import type { Repurposed, RepurposeGiven, RepurposeView, Verdict } from './repurpose_recording.ts';
import { machineStep } from './state.ts';
import { removeToRest } from './rest.ts';
import { hostPath, idOf, setup, unplayable } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { fileStep, topologySteps } from './topology.ts';
import type { RecordingView } from './view.ts';

const FILE = '/mnt/a/f';
const WRITER = 'old-owner-writer';

/** Whether a recording gives the device to the next tenant while the old mapping lives. */
export function isRepurpose(observed: Observed): boolean {
  return (observed as Repurposed).old_mapping_after_unbind !== undefined;
}

/** An old owner with three processes, the removal, the next tenant, and what reaches whom. */
export function repurposeSteps(view: RecordingView): Step[] {
  const observed = view.observed as Repurposed;
  const { event, counters, verdict, old_owner_ends } = observed;
  return [
    ...topologySteps(view),
    ...oldOwner(view.given),
    ...(observed.file_system_shut_down_before === undefined ? [] : [shutdownStep()]),
    ...(event === undefined ? [] : [removeStep(view, event)]),
    scanStep(READER, 'old mapping after the unbind', observed.old_mapping_after_unbind ?? {}),
    ...hammerSteps(observed),
    ...(observed.follow_ups ?? []).flatMap((item) => followUp(view, item)),
    ...nextTenant(view, observed),
    ...storeSteps(observed),
    ...(verdict === undefined ? [] : [verdictStep(view, verdict)]),
    ...(old_owner_ends === undefined ? [] : endSteps(view, old_owner_ends)),
    ...(counters === undefined ? [] : [machineStep(view, 'after', { counters })]),
  ];
}

/** The writer has filled the file, by 2 MiB entries; the reader reads all of it; the third stores to one page. */
function oldOwner(given: RepurposeGiven): Step[] {
  const length = Number(/^(\d+) MiB/.exec(given.file ?? '')?.[1] ?? 256) * MIB;
  const target = (world: World): Body => ({ file: idOf(world, `file:${FILE}`) });
  const all = { offset: 0, length };
  const small = given.old_reader_entries === '4 KiB' ? ({ page_size: '4KiB' } as const) : {};
  const page = { offset: HAMMERED + 128, length: 8 };
  return [
    fileStep(given, FILE, length),
    ...mapperSteps(WRITER, { target, length, touch: { ...all, kind: 'write' } }),
    ...mapperSteps(READER, { target, length, prot: 'r', ...small, touch: { ...all, kind: 'read' } }),
    ...mapperSteps(HAMMER, { target, length, activity: 'storing', touch: { ...page, kind: 'write' } }),
  ];
}

function shutdownStep(): Step {
  return setup('shut down', (world) =>
    world.call('POST', hostPath(world, `/mounts/${idOf(world, 'mount:/mnt/a')}/shutdown`), {}),
  );
}

/** How the device comes to the next tenant: bind and mkfs, or the tools that change its mode. */
function followUp(view: RepurposeView, item: FollowUp): Step[] {
  const cmd = item.cmd ?? '';
  if (/\/bind$/.test(item.do ?? '')) {
    return [bindStep(view, item.do ?? '', expectedEvent(item), { tenant: TENANT })];
  }
  if (/^mount /.test(cmd)) return [mountStep(view, cmd, expectedCommand(item))];
  if (/^ndctl create-namespace .*-m devdax/.test(cmd)) {
    return [bindStep(view, 'ndctl create-namespace -m devdax', expectedCommand(item), DEVDAX)];
  }
  if (/^daxctl reconfigure-device -m system-ram/.test(cmd)) return toSystemRam(view, expectedCommand(item));
  // The policy by which the next tenant fills the node: in the API a mapping names its device.
  if (item.op === 'mbind') return [];
  return [unplayable(cmd, item.do ?? cmd, expectedCommand(item))];
}

const DEVDAX = { mode: 'devdax', tenant: TENANT } as const;

function mountStep(view: RepurposeView, name: string, expected: string): Step {
  const fs_type = view.given.next_tenant_filesystem ?? 'ext4';
  const body = { dax_device: view.device, path: '/mnt/new', fs_type, dax: 'always', mkfs: true };
  return {
    label: name,
    request: async (world) => {
      const reply = await world.call('POST', hostPath(world, '/mounts'), body);
      if (reply.status < 300) world.ids.set('mount:/mnt/new', String(reply.body.id));
      return reply;
    },
    checks: [{ name, class: 'core', expected, actual: actualCommand }],
  };
}

/** daxctl unbinds device_dax, binds kmem and puts every block online as movable. */
function toSystemRam(view: RepurposeView, expected: string): Step[] {
  const device = (world: World, rest: string): string =>
    hostPath(world, `/dax-devices/${view.device}${rest}`);
  return [
    setup('daxctl: unbind device_dax', (world) => {
      const body = { trigger: 'unbind', via: 'device_dax' };
      return removeToRest(world, device(world, '/remove'), body);
    }),
    setup('daxctl: online as movable', (world) =>
      world.call('PATCH', hostPath(world), { auto_online_blocks: 'online_movable' }),
    ),
    bindStep(view, 'daxctl reconfigure-device -m system-ram', expected, { mode: 'system-ram' }),
  ];
}

/** The next tenant fills what it was given; then the old mapping is read all over. */
function nextTenant(view: RepurposeView, observed: Repurposed): Step[] {
  const scan = observed.old_mapping_shows_new_tenant;
  const { before, after = {} } = observed.new_tenant_pages_intact ?? {};
  const { pages_match = 0, pages_other = 0 } = after;
  if (scan === undefined) return [];
  const length = (pages_match + pages_other) * PAGE;
  return [
    ...tenantSteps(view, TENANT, length),
    ...(before === undefined ? [] : [scanStep(TENANT, 'next tenant has filled its pages', before)]),
    {
      label: 'old mapping shows the next tenant',
      request: searchOld,
      checks: [scanCheck(READER, 'old mapping shows the next tenant', scan)],
    },
    scanStep(TENANT, 'next tenant reads its own', after),
  ];
}

/** The first page of the old mapping that shows the next tenant, or the first page. */
async function searchOld(world: World): Promise<Reply> {
  let first: Reply | null = null;
  for (let offset = 0; offset < 256 * MIB; offset += 16 * MIB) {
    const reply = await access(world, READER, { kind: 'read', offset, length: 24 });
    if (reachWords(reply, world, READER) === 'ok next tenant') return reply;
    first ??= reply;
    if (reply.body.result !== 'ok') break;
  }
  return first ?? access(world, READER, { kind: 'read', offset: 0, length: 24 });
}

function storeSteps({ old_writer_stores = [], old_hammer_stores = [] }: Repurposed): Step[] {
  return [
    ...old_writer_stores.map((answer, at) =>
      storeStep(`old writer stores, ${at}`, WRITER, at * 2 * MIB, answer),
    ),
    ...old_hammer_stores.map((answer, at) =>
      storeStep(`old hammering writer stores, ${at}`, HAMMER, HAMMERED + at * PAGE, answer),
    ),
  ];
}

/** Of a devdax alone: of a file system some are metadata, of system RAM some are free, and which is chance. */
function pagesCheck({ pages_exposed }: Verdict): Check {
  return {
    name: 'pages exposed',
    class: 'detail',
    expected: text(pages_exposed),
    actual: ({ body }, world) => {
      const pid = Number(idOf(world, `pid:${READER}`));
      const open = ((body.items ?? []) as Body[]).filter((exposure) => exposure.pid === pid);
      return text(open.reduce((sum, { pages }) => sum + Number(pages), 0));
    },
  };
}

/** What is open between the old owner and the next tenant. */
function verdictStep(view: RepurposeView, verdict: Verdict): Step {
  const any = (body: Body, field: string): string => {
    const items = (body.items ?? []) as Body[];
    return text(items.some((exposure) => exposure.to_tenant === TENANT && Number(exposure[field]) > 0));
  };
  const core = (name: string, expected: boolean, field: string): Check => ({
    name,
    class: 'core',
    expected: text(expected),
    actual: ({ body }) => any(body, field),
  });
  return {
    label: 'exposures',
    request: (world) => world.call('GET', `/v1/exposures?host=${world.host}&open=true&limit=500`),
    checks: [
      core("old owner reads the next tenant's data", verdict.old_owner_reads_new_tenants_data, 'pages'),
      core('old owner corrupts the next tenant', verdict.old_owner_corrupts_new_tenant, 'writable_pages'),
      ...(view.given.next_tenant === 'devdax' ? [pagesCheck(verdict)] : []),
    ],
  };
}
