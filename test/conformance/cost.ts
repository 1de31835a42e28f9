import { text } from './answer.ts';
import { removeStep } from './event.ts';
import { remember } from './processes.ts';
import type { Given, Observed } from './recording.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { fileStep, hostStep, mountStep } from './topology.ts';
import type { RecordingView } from './view.ts';

const MIB = 1048576;
const PMD = 2097152;
const FILE = '/mnt/a/f';
const MAPPER = 'mapper';

/** Whether a recording is of what a removal costs: a device of a named size, a file mapped and dirtied whole. */
export function isCost(given: Given, observed: Observed): boolean {
  return given.file_MiB_mapped_and_dirty !== undefined && observed.device_MiB !== undefined;
}

/** One process dirties a file through its mapping, the device goes, the process reads again. */
export function costSteps(view: RecordingView): Step[] {
  const { given, observed } = view;
  const bytes = (given.file_MiB_mapped_and_dirty ?? 0) * MIB;
  const mapped = bytes > 0 ? [fileStep(given, FILE, bytes), ...mapperSteps(view, bytes)] : [];
  return [
    hostStep(view),
    deviceStep(view),
    mountStep(view, '/mnt/a', null),
    ...mapped,
    ...(observed.event === undefined ? [] : [removeStep(view, observed.event)]),
    reportStep(view),
    ...(observed.read_after === undefined ? [] : [readAfter(observed.read_after)]),
  ];
}

function deviceStep(view: RecordingView): Step {
  const size = (view.observed.device_MiB ?? 0) * MIB;
  const body = { name: view.device, mode: 'fsdax', size, align: PMD, provider: 'ACPI.NFIT', numa_node: 0 };
  return setup('dax device', (world) => world.call('POST', hostPath(world, '/dax-devices'), body));
}

function mapperSteps({ given }: RecordingView, length: number): Step[] {
  const small = given.mapping === 'pte' ? { page_size: '4KiB' } : {};
  return [
    setup(
      'start',
      (world) => world.call('POST', hostPath(world, '/processes'), { comm: 'probe', sigbus: 'handled' }),
      (made, world) => world.ids.set(`pid:${MAPPER}`, String(made.pid)),
    ),
    setup(
      'mmap',
      (world) => {
        const pid = Number(idOf(world, `pid:${MAPPER}`));
        const file = idOf(world, `file:${FILE}`);
        const how = { offset: 0, length, flags: ['shared'], prot: 'rw', populate: 'write', ...small };
        return world.call('POST', hostPath(world, '/mappings'), { pid, file, ...how });
      },
      (made, world) => remember(world, MAPPER, made),
    ),
  ];
}

/** The removal as it stands, with what the recording counted. */
function reportStep({ observed }: RecordingView): Step {
  return {
    label: 'report',
    request: (world) => world.call('GET', `/v1/removals/${idOf(world, 'removal')}`),
    checks: [...killChecks(observed), ...deliveryChecks(observed), ...secondsChecks(observed)],
  };
}

/**
 * `Sending SIGBUS`: one line a page and victim, none of them rate limited; the log may have lost some. The
 * mass failure of the series adds the first ten "recovery action" lines, mapped or not.
 */
function killChecks(observed: Observed): Check[] {
  const { kernel_memory_failure_lines: lines, kernel_log_lines_lost } = observed;
  if (lines === undefined) return [];
  const expected = kernel_log_lines_lost === true ? `at least ${lines}` : String(lines);
  const actual = ({ body }: Reply): string => {
    const { kernel_log = [] } = body.report as { kernel_log?: readonly string[] };
    const sent = killsOf(body) + kernel_log.filter((line) => line.includes(': recovery action for ')).length;
    return kernel_log_lines_lost === true && sent >= lines ? expected : String(sent);
  };
  return [{ name: 'memory_failure lines', class: 'core', expected, actual }];
}

/** A pending SIGBUS swallows the next: what is delivered is at most what is sent, and none where none is. */
function deliveryChecks({ signals_delivered_total: total }: Observed): Check[] {
  if (total === undefined) return [];
  const expected = total === 0 ? 'none' : `at least ${total}`;
  const actual = ({ body }: Reply): string => {
    const sent = killsOf(body);
    if (sent === 0) return 'none';
    return total > 0 && sent >= total ? expected : String(sent);
  };
  return [{ name: 'signals sent', class: 'core', expected, actual }];
}

/** Seconds of emulated processors against the range of the estimate. */
function secondsChecks({ unbind_seconds: seconds }: Observed): Check[] {
  if (seconds === undefined) return [];
  const actual = ({ body }: Reply): string => {
    const { simulated_kernel_cost: cost } = body.report as { simulated_kernel_cost?: Body };
    const [low, high] = (cost?.range ?? [NaN, NaN]) as [number, number];
    if (cost?.seconds === null) return `none: ${text(cost.reason)}`;
    return seconds !== null && low <= seconds && seconds <= high ? 'in range' : `${low} to ${high}`;
  };
  const expected = seconds === null ? 'none: the removal never ends' : 'in range';
  return [{ name: `seconds ${seconds ?? 'without end'}`, class: 'detail', expected, actual }];
}

function killsOf(removal: Body): number {
  const { signals = [] } = (removal.report ?? {}) as {
    signals?: readonly { count: number; delivery: string }[];
  };
  const sent = signals.filter(({ delivery }) => delivery === 'asynchronous');
  return sent.reduce((sum, { count }) => sum + count, 0);
}

function readAfter(expected: string): Step {
  const read = (world: World): Promise<Reply> => {
    const path = hostPath(world, `/mappings/${idOf(world, `mapping:${MAPPER}`)}/access`);
    return world.call('POST', path, { offset: 0, length: 1, kind: 'read' });
  };
  const actual = ({ body }: Reply): string =>
    body.result === 'ok' ? 'readable' : `${text(body.signal)}/${text(body.si_code)}`;
  return {
    label: 'read after',
    request: read,
    checks: [{ name: 'read after', class: 'core', expected, actual }],
  };
}
