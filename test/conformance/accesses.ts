import { actualAnswer, expectedAnswer } from './answer.ts';
import { placeCommits } from './journal.ts';
import type { Answer } from './recording.ts';
import { hostPath, idOf, setup, unplayable } from './step.ts';
import type { Reply, Step, World } from './step.ts';
import type { RecordingView } from './view.ts';

/** One recorded access or file call of one process. */
export interface Access {
  readonly process: string;
  readonly name: string;
  readonly answer: Answer;
}

/** How an access of the probe is asked of the API: memory through its mapping, calls through its file. */
interface Way {
  readonly of: 'mapping' | 'file';
  readonly kind: string;
  readonly offset: number;
  readonly length: number;
}

const WHOLE = 4194304;
const WAYS: Readonly<Record<string, Way>> = {
  read_touched_page: { of: 'mapping', kind: 'read', offset: 4096, length: 24 },
  read_first_page: { of: 'mapping', kind: 'read', offset: 4096, length: 24 },
  write_touched_page: { of: 'mapping', kind: 'write', offset: 8192, length: 11 },
  write_first_page: { of: 'mapping', kind: 'write', offset: 8192, length: 11 },
  read_cow_page: { of: 'mapping', kind: 'read', offset: 0, length: 24 },
  read_untouched_page: { of: 'mapping', kind: 'read', offset: 3145728, length: 24 },
  wrpipe_from_touched_page: { of: 'mapping', kind: 'copy_out', offset: 4096, length: 16 },
  msync: { of: 'mapping', kind: 'msync', offset: 0, length: WHOLE },
  pread_fd: { of: 'file', kind: 'pread', offset: 0, length: 24 },
  pwrite_fd: { of: 'file', kind: 'pwrite', offset: 0, length: 5 },
  fsync_fd: { of: 'file', kind: 'fsync', offset: 0, length: 0 },
};

/**
 * On 6.1 and 6.12 each process made all its accesses before the next began; on 5.10 (and the kernels built
 * from it) and 7.3 every process first read a touched page. This is how the probe ran, not what kernels do.
 */
const ONE_BY_ONE = new Set(['v6.1', 'v6.12']);

/** Every access that was tried, in the order in which it was tried. */
export function accessesOf(view: RecordingView): Access[] {
  const all = Object.entries(view.observed.processes ?? {}).map(([process, { on_access }]) =>
    Object.entries(on_access ?? {})
      .filter(([, answer]) => typeof answer.blocked !== 'string')
      .map(([name, answer]) => ({ process, name, answer })),
  );
  if (ONE_BY_ONE.has(view.kernel)) return all.flat();
  const isFirst = (access: Access): boolean => /^read_(?:touched|first)_page$/.test(access.name);
  return [...all.flatMap((one) => one.filter(isFirst)), ...all.flatMap((one) => one.filter((a) => !isFirst(a)))];
}

/** All accesses, with the journal's commits where the answers show that they fell. */
export function accessSteps(view: RecordingView): Step[] {
  const accesses = accessesOf(view);
  const commits = placeCommits(view, accesses);
  return accesses
    .map((access, n) => [...commits.filter(({ before }) => before === n).map(commitStep), accessStep(view, access)])
    .flat()
    .concat(commits.filter(({ before }) => before >= accesses.length).map(commitStep));
}

function commitStep({ mount }: { readonly mount: string }): Step {
  return setup(`commit ${mount}`, (world) => {
    return world.call('POST', hostPath(world, `/mounts/${idOf(world, `mount:${mount}`)}/commit`), {});
  });
}

function accessStep(view: RecordingView, access: Access): Step {
  const { process, name } = access;
  const label = `${process} ${name}`;
  const expected = expectedAnswer(access.answer);
  const given = view.given.processes?.[process];
  const way = WAYS[name];
  if (way === undefined) return unplayable(label, label, expected);
  if (way.of === 'file' && /its descriptor is the sysfs file/.test(given?.touched_before ?? '')) {
    return unplayable(label, `${label} on a sysfs descriptor`, expected);
  }
  const file = given?.file ?? '';
  const ask = (world: World): Promise<Reply> => (way.of === 'file' ? io(world, process, file, way) : touch(world, process, way));
  return {
    label,
    request: ask,
    checks: [
      { name: label, class: 'core', expected, actual: (reply, world) => actualAnswer(reply, world, process) },
      ...oopsChecks(label, access.answer),
    ],
  };
}

/** In which function the kernel oopsed. */
function oopsChecks(label: string, answer: Answer): Step['checks'] {
  const at = (answer.kernel_oops ?? answer.dead?.kernel_oops)?.[0]?.at;
  if (at === undefined) return [];
  return [{ name: `${label} oops at`, class: 'detail', expected: at, actual: ({ body }) => oopsedAt(body.kernel_oopses) }];
}

function oopsedAt(oopses: unknown): string {
  const [first] = (oopses ?? []) as { at?: string }[];
  return first?.at ?? 'none';
}

async function touch(world: World, process: string, { kind, offset, length }: Way): Promise<Reply> {
  const path = hostPath(world, `/mappings/${idOf(world, `mapping:${process}`)}/access`);
  return logged(world, await world.call('POST', path, { kind, offset, length }));
}

async function io(world: World, process: string, file: string, { kind, offset, length }: Way): Promise<Reply> {
  const pid = Number(idOf(world, `pid:${process}`));
  const path = hostPath(world, `/files/${idOf(world, `file:${file}`)}/io`);
  return logged(world, await world.call('POST', path, { pid, kind, offset, length }));
}

/** Keeps what the kernel logged meanwhile. */
function logged(world: World, reply: Reply): Reply {
  world.log.push(...((reply.body.kernel_log as string[] | undefined) ?? []));
  return reply;
}

/** A read of the probe's touched page outside the recorded round, under any name. */
export function readStep(process: string, name: string, answer: Answer, at?: number): Step {
  const offset = at ?? answer.si_addr_offset ?? 4096;
  const way: Way = { of: 'mapping', kind: 'read', offset, length: 24 };
  return {
    label: name,
    request: (world) => touch(world, process, way),
    checks: [
      {
        name,
        class: 'core',
        expected: expectedAnswer(answer),
        actual: (reply, world) => actualAnswer(reply, world, process),
      },
    ],
  };
}
