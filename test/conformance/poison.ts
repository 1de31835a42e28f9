import { access, bindStep } from './acts.ts';
import {
  actualAnswer,
  dataChecks,
  expectedAnswer,
  expectedEvent,
  signalWords,
  text,
  verdictWords,
} from './answer.ts';
import { removeStep, restStep } from './event.ts';
import { badblocksStep as listedBadblocks, type PoisonedPage } from './listings.ts';
import { probeSteps, type Probe } from './processes.ts';
import type { Answer, Event, FollowUp, Given, ObservedProcess } from './recording.ts';
import { beforeSteps, changedStep, counterCheck, logStep } from './state.ts';
import { hostPath, idOf, setup, unplayable } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { signalOfAccess } from './signals.ts';
import { topologySteps } from './topology.ts';
import { verdictChecks } from './verdicts.ts';
import type { RecordingView } from './view.ts';

const PAGE = 4096;
const SECTOR = 512;
const GIB = 1073741824;
/** Where the data of the NVDIMM's namespace begin. */
const DATA_START = 0x101200000;
/** Who calls madvise; it maps as the first of the others does, and has touched the same. */
const INJECTOR = 'injector';
const LATER = 'mapped-afterwards';
const SOURCES: Readonly<Record<string, string>> = { 'soft-offline': 'soft_offline' };

/** One page of a mapping is poisoned while processes use it. */
export function isPoison(given: Given): boolean {
  return given.injected_via !== undefined;
}

export function poisonSteps(view: RecordingView): Step[] {
  const { observed } = view;
  const probes = [injector(view), ...view.processes.map(([name, probe]) => ({ ...probe, name }))].map(
    reading,
  );
  const told = Object.entries(observed.processes ?? {});
  return [
    ...topologySteps(view),
    regionStep(),
    ...probes.flatMap((probe) => probeSteps(view, probe)),
    ...beforeSteps(view),
    injectStep(view),
    ...told.flatMap(([name, process]) => restStep(view, name, process)),
    ...told.flatMap(([name, process]) => readSteps(view, name, process)),
    countersStep('after', observed.counters ?? {}),
    ...changedStep('after the event', observed.counters_changed, 'after'),
    ...(observed.follow_ups ?? []).flatMap((item) => followUp(view, item)),
    ...logStep(view),
  ];
}

/** The region of the machine's NVDIMM, so that its badblocks have a place. */
function regionStep(): Step {
  const mappings = [{ dimm: 'nmem0', offset: 0, length: GIB, position: 0 }];
  const listing = [{ dev: 'region0', size: GIB, available_size: 0, type: 'pmem', mappings }];
  return setup('nd region', (world) => world.call('POST', hostPath(world, '/inventory'), listing));
}

function injector(view: RecordingView): Probe {
  const { file, length, touched_before } = view.processes[0]?.[1] ?? { handler: true };
  const same = { ...(file === undefined ? {} : { file }), ...(length === undefined ? {} : { length }) };
  return { name: INJECTOR, handler: true, mapping: 'shared', touched_before: touched_before ?? '', ...same };
}

/** `first 4 MiB` were read. */
function reading(probe: Probe): Probe {
  const { touched_before = '' } = probe;
  return { ...probe, touched_before: touched_before.replace(/ MiB$/, ' MiB, read') };
}

function injectStep(view: RecordingView): Step {
  const { injected_via = '' } = view.given;
  const source = SOURCES[injected_via] ?? injected_via;
  const calls = source === 'madvise' || source === 'soft_offline';
  return {
    label: 'memory_failure',
    request: async (world) => {
      const offset = await pageOnDevice(view, world);
      const by = calls ? { by_pid: Number(idOf(world, `pid:${INJECTOR}`)) } : {};
      const reply = await world.call('POST', devicePath(view, world, '/memory-failure'), {
        offset,
        length: PAGE,
        source,
        ...by,
      });
      world.log.push(...((reply.body.kernel_log as string[] | undefined) ?? []));
      // Signals are looked for where a removal's report has them.
      world.records.set('removal', { report: { signals: reply.body.processes } });
      return reply;
    },
    checks: [
      {
        name: 'event',
        class: 'core',
        expected: expectedEvent(view.observed.event ?? {}),
        actual: ({ status, body }) =>
          status === 200 ? text(body.errno ?? 'ok') : `${status} ${text(body.code)}`,
      },
    ],
  };
}

function devicePath(view: RecordingView, world: World, rest = ''): string {
  return hostPath(world, `/dax-devices/${view.device}${rest}`);
}

/** Bytes from the start of the device to the poisoned page: of the device itself, or through the file's extents. */
async function pageOnDevice(view: RecordingView, world: World): Promise<number> {
  const offset = view.given.offset ?? 0;
  if (view.devdax) return offset;
  const { base_pfn } = (await world.call('GET', devicePath(view, world))).body as { base_pfn: number };
  const path = hostPath(world, `/files/${idOf(world, `file:${injector(view).file ?? ''}`)}`);
  const { extents } = (await world.call('GET', path)).body as { extents: { offset: number; pfn: number }[] };
  const extent = extents.findLast((part) => part.offset * PAGE <= offset) ?? { offset: 0, pfn: 0 };
  return (extent.pfn - extent.offset - base_pfn) * PAGE + offset;
}

function readSteps(view: RecordingView, name: string, process: ObservedProcess): Step[] {
  const at = view.given.offset ?? 0;
  const reads = [
    ['poisoned page', at, process.read_poisoned_page],
    ['page next to it', at + PAGE, process.read_page_next_to_it],
    ['page in other 2 MiB', PAGE, process.read_page_in_other_2MiB],
  ] as const;
  return reads.flatMap(([what, offset, answer], n) => {
    // `null`: the process had ended by then.
    if (answer?.ok === undefined) return [];
    const step = touchStep(name, `${name} reads the ${what}`, 'read', offset, answer);
    const after = n === 0 ? [...afterRead(name, process), ...verdictChecks(view, name)] : [];
    return [{ ...step, checks: [...step.checks, ...after] }];
  });
}

/** What the read of the poisoned page has brought: one signal for a read that failed, and none by itself. */
function afterRead(name: string, { signals_after_read: after }: ObservedProcess): Check[] {
  // `null`: the process did not survive the read.
  if (after === undefined || after === null) return [];
  const words = after.signals.map(
    ({ signal, si_code, si_addr_offset, si_addr_lsb, delivery }) =>
      `${delivery} ${signalWords(signal, si_code, si_addr_offset, si_addr_lsb)}`,
  );
  return [
    {
      name: `${name} signals after the read`,
      class: 'core',
      expected: words.length === 0 ? 'none' : words.join(', '),
      actual: (reply, world) => signalOfAccess(reply, world, name),
    },
    {
      name: `${name} signals delivered after the read`,
      class: 'core',
      expected: String(after.delivered_total),
      actual: ({ body }) => (body.result === 'signal' ? '1' : '0'),
    },
  ];
}

function touchStep(
  process: string,
  label: string,
  kind: 'read' | 'write',
  offset: number,
  answer: Answer,
): Step {
  return {
    label,
    request: (world) => access(world, process, { kind, offset, length: 7 }),
    checks: [
      {
        name: label,
        class: 'core',
        expected: expectedAnswer(answer),
        actual: (reply, world) => actualAnswer(reply, world, process),
      },
      ...dataChecks(label, answer),
    ],
  };
}

function countersStep(when: string, counters: Readonly<Record<string, unknown>>): Step {
  const checks = Object.entries(counters).map(([counter, value]) => counterCheck(when, counter, value));
  return { label: `counters ${when}`, request: (world) => world.call('GET', hostPath(world)), checks };
}

/** What was tried with the poisoned page, and then with its device. */
function followUp(view: RecordingView, item: FollowUp): Step[] {
  const said = item.do ?? '';
  const result = item.result ?? {};
  const at = view.given.offset ?? 0;
  if (/^p(?:read|write) of/.test(said)) return [ioStep(view, said, result)];
  if (said.startsWith('read after')) return [touchStep(INJECTOR, said, 'read', at, result)];
  if (/badblocks/.test(said)) return [badblocksStep(view, said, result as Readonly<Record<string, string>>)];
  if (said.startsWith('a new process'))
    return [...laterProcess(view), touchStep(LATER, said, 'read', at, result)];
  if (said === '... and writes it') return [touchStep(LATER, said, 'write', at, result)];
  if (said.startsWith('unbind')) return [removeStep(view, result as Event), ...verdictSteps(view)];
  if (said === 'rebind') return [bindStep(view, said, expectedEvent(result as Event), driverOf(view))];
  if (said.startsWith('counters')) return [countersStep('after unbind and rebind', result as Body)];
  return [listedBadblocks(said, result, poisonedPage(view))];
}

function driverOf(view: RecordingView): Body {
  return { driver: view.devdax ? 'device_dax' : 'nd_pmem' };
}

function ioStep(view: RecordingView, said: string, answer: Answer): Step {
  const expected = expectedAnswer(answer);
  if (view.devdax) return unplayable(said, `${said}, device node`, expected);
  const whole = /whole/.test(said);
  const kind = said.startsWith('pread') ? 'pread' : 'pwrite';
  const at = view.given.offset ?? 0;
  const offset = Math.floor(at / PAGE) * PAGE;
  const length = whole ? PAGE : kind === 'pread' ? 16 : 6;
  return {
    label: said,
    request: (world) => {
      const path = hostPath(world, `/files/${idOf(world, `file:${injector(view).file ?? ''}`)}/io`);
      const pid = Number(idOf(world, `pid:${INJECTOR}`));
      return world.call('POST', path, { pid, kind, offset: whole ? offset : at, length });
    },
    checks: [
      { name: said, class: 'core', expected, actual: (reply, world) => actualAnswer(reply, world, INJECTOR) },
      ...dataChecks(said, answer),
    ],
  };
}

/** `319528 8` in sectors of the region: how many, at the page that was poisoned. Empty: none. */
function badblocksStep(view: RecordingView, said: string, result: Readonly<Record<string, string>>): Step {
  const [first = ''] = Object.values(result).filter((list) => list !== '');
  const [, count] = first.split(' ');
  return {
    label: said,
    request: (world) => world.call('GET', devicePath(view, world, '/memory-failure')),
    checks: [
      {
        name: said,
        class: 'core',
        expected: count === undefined ? 'none' : `${count} at the page`,
        actual: (reply, world) => badblockWords(view, world, reply),
      },
    ],
  };
}

async function badblockWords(view: RecordingView, world: World, { body }: Reply): Promise<string> {
  const items = (body.items ?? []) as { offset: number; length: number; badblock: boolean }[];
  const bad = items.filter(({ badblock }) => badblock);
  if (bad.length === 0) return 'none';
  const sectors = bad.reduce((sum, { length }) => sum + length, 0) / SECTOR;
  const at = bad[0]?.offset === (await pageOnDevice(view, world)) ? 'at the page' : 'elsewhere';
  return `${sectors} ${at}`;
}

/** From the start of the namespace's data; the recorded one is told as a pfn. */
function poisonedPage(view: RecordingView): PoisonedPage {
  const pfn = Number((view.given as { pfn?: { pfn?: string } }).pfn?.pfn ?? 0);
  return {
    recorded: (pfn * PAGE - DATA_START) / SECTOR,
    here: async (world) => (await pageOnDevice(view, world)) / SECTOR,
  };
}

function laterProcess(view: RecordingView): Step[] {
  return probeSteps(view, { ...injector(view), name: LATER, touched_before: 'nothing' });
}

function verdictSteps({ observed }: RecordingView): Step[] {
  return Object.entries(observed.verdicts_after_unbind ?? {}).map(([name, verdict]) =>
    verdictStep(name, verdict),
  );
}

/** `readable`, `SIGBUS/BUS_ADRERR`: a read of a page of the first 2 MiB, before the driver is bound again. */
function verdictStep(name: string, verdict: string): Step {
  const check: Check = {
    name: `${name} after unbind`,
    class: 'core',
    expected: verdict,
    actual: (reply, world) => {
      return verdictWords(actualAnswer(reply, world, name));
    },
  };
  return {
    label: check.name,
    request: (world) => access(world, name, { kind: 'read', offset: PAGE, length: 24 }),
    checks: [check],
  };
}
