import { access, logged } from './acts.ts';
import { actualAnswer, dataChecks, expectedAnswer, look } from './answer.ts';
import { accessesOf, isFirstRead, untriedOf } from './access_order.ts';
import type { Access } from './access_order.ts';
import { placeCommits } from './journal.ts';
import type { Answer } from './recording.ts';
import { hostPath, idOf, setup, unplayable } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';
import { verdictChecks } from './verdicts.ts';
import type { RecordingView } from './view.ts';

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

/** All accesses, with the journal's commits where the answers show that they fell. */
export function accessSteps(view: RecordingView): Step[] {
  const accesses = accessesOf(view);
  const commits = placeCommits(view, accesses);
  return accesses
    .map((access, n) => [
      ...commits.filter(({ before }) => before === n).map(commitStep),
      accessStep(view, access),
    ])
    .flat()
    .concat(commits.filter(({ before }) => before >= accesses.length).map(commitStep))
    .concat(untriedOf(view).map(untriedStep));
}

/** What a process could not try: it is still in an earlier call of its own. */
function untriedStep({ process, name, answer }: Access): Step {
  const label = `${process} ${name}`;
  return {
    label,
    request: null,
    checks: [
      {
        name: label,
        class: 'core',
        expected: expectedAnswer(answer),
        actual: async (_reply, world) => {
          const { state } = await look(world, `/processes/${idOf(world, `pid:${process}`)}`);
          return state === 'blocked' || state === 'oopsed' ? 'not tried' : `could be tried: ${String(state)}`;
        },
      },
    ],
  };
}

function commitStep({ mount }: { readonly mount: string }): Step {
  return setup(`commit ${mount}`, (world) => {
    return world.call('POST', hostPath(world, `/mounts/${idOf(world, `mount:${mount}`)}/commit`), {});
  });
}

function accessStep(view: RecordingView, tried: Access): Step {
  const { process, name } = tried;
  const label = `${process} ${name}`;
  const expected = expectedAnswer(tried.answer);
  const given = view.given.processes?.[process];
  const way = WAYS[name];
  if (way === undefined) return unplayable(label, label, expected);
  if (way.of === 'file' && /its descriptor is the sysfs file/.test(given?.touched_before ?? '')) {
    return unplayable(label, `${label} on a sysfs descriptor`, expected);
  }
  const file = given?.file ?? '';
  const ask = (world: World): Promise<Reply> =>
    way.of === 'file' ? io(world, process, file, way) : access(world, process, bodyOf(way));
  return {
    label,
    request: ask,
    checks: [
      { name: label, class: 'core', expected, actual: (reply, world) => actualAnswer(reply, world, process) },
      ...dataChecks(label, tried.answer),
      ...oopsChecks(label, tried.answer),
      ...(isFirstRead(tried) ? verdictChecks(view, process) : []),
    ],
  };
}

/** In which function the kernel oopsed. */
function oopsChecks(label: string, answer: Answer): Step['checks'] {
  const at = (answer.kernel_oops ?? answer.dead?.kernel_oops)?.[0]?.at;
  if (at === undefined) return [];
  return [
    {
      name: `${label} oops at`,
      class: 'detail',
      expected: at,
      actual: ({ body }) => oopsedAt(body.kernel_oopses),
    },
  ];
}

function oopsedAt(oopses: unknown): string {
  const [first] = (oopses ?? []) as { at?: string }[];
  return first?.at ?? 'none';
}

function bodyOf({ kind, offset, length }: Way): Body {
  return { kind, offset, length };
}

async function io(
  world: World,
  process: string,
  file: string,
  { kind, offset, length }: Way,
): Promise<Reply> {
  const pid = Number(idOf(world, `pid:${process}`));
  const path = hostPath(world, `/files/${idOf(world, `file:${file}`)}/io`);
  return logged(world, await world.call('POST', path, { pid, kind, offset, length }));
}
