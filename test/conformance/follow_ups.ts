import { bindStep, killStep, readerOf, readStep, umountStep } from './acts.ts';
import { actualAnswer, actualCommand, expectedCommand, expectedEvent, text } from './answer.ts';
import { removalNow } from './event.ts';
import type { Answer, FollowUp } from './recording.ts';
import { ndctlStep } from './listings.ts';
import { machineStep, mountSteps } from './state.ts';
import { hostPath, idOf, unplayable } from './step.ts';
import type { Reply, Step, World } from './step.ts';
import { createFile, fsType } from './topology.ts';
import { devdaxFollowUp } from './follow_ups_devdax.ts';
import { mountOf, mountPoints } from './view.ts';
import type { RecordingView } from './view.ts';

/** What was tried afterwards: bind again, mount, umount, the old mapping, files. */
export function followUpSteps(view: RecordingView): Step[] {
  return (view.observed.follow_ups ?? []).flatMap((item) => followUp(view, item));
}

function followUp(view: RecordingView, item: FollowUp): Step[] {
  const said = item.do ?? '';
  const cmd = item.cmd ?? '';
  if (item.devices !== undefined) return devicesStep(view, said, item);
  if (item.ends !== undefined) return killSteps(item.ends);
  if (item.answer !== undefined) return [readStep(readerOf(view), said, item.answer)];
  if (item.result !== undefined) return devdaxFollowUp(view, said, item.result);
  if (/\/bind$/.test(said) || said.startsWith('bind the same device'))
    return [bindStep(view, said, expectedEvent(item), {})];
  if (said.startsWith('the unbind')) return [unbindStep(said, item)];
  if (cmd.startsWith('ndctl list')) return [ndctlStep(item.do ?? 'ndctl list', item)];
  return [...commandSteps(view, said, cmd, item), ...mountSteps(item.mounts ?? [], `(${said})`)];
}

function commandSteps(view: RecordingView, said: string, cmd: string, item: FollowUp): Step[] {
  const expected = expectedCommand(item);
  const name = said === '' ? cmd : said;
  const mount = /mount -o dax=always \/dev\/pmem\S* (\S+)/.exec(cmd)?.[1];
  if (mount !== undefined) return [mountAgain(view, name, mount, expected)];
  const umount = /^umount (\S+)/.exec(cmd)?.[1];
  if (umount !== undefined)
    return [...(/processes ended/.test(said) ? [endAll(view)] : []), umountStep(name, umount, expected)];
  const create = /^echo \S+ > (\S+)/.exec(cmd)?.[1];
  if (create !== undefined) return [createStep(view, name, create, expected)];
  const read = /(?:^|; )(?:dd if=|head -c \d+ )(\S+)/.exec(cmd);
  if (read === null) return [unplayable(name, name, expected)];
  const listed = cmd.startsWith('ls ') ? [unplayable('ls', 'ls, then read', 'ok')] : [];
  return [...listed, ...readFile(view, name, read[1] ?? '', { cmd, item })];
}

function mountAgain(view: RecordingView, name: string, path: string, expected: string): Step {
  return {
    label: name,
    request: async (world) => {
      const body = { dax_device: view.device, path, fs_type: fsType(view.given), dax: 'always' };
      const reply = await world.call('POST', hostPath(world, '/mounts'), body);
      if (reply.status < 300) world.ids.set(`mount:${path}`, String(reply.body.id));
      return reply;
    },
    checks: [{ name, class: 'core', expected, actual: actualCommand }],
  };
}

/** SIGKILL to every process; those the kernel holds do not end. */
function endAll(view: RecordingView): Step {
  return {
    label: 'processes end',
    checks: [],
    request: async (world): Promise<Reply> => {
      for (const [name] of view.processes) {
        await world.call('DELETE', hostPath(world, `/processes/${idOf(world, `pid:${name}`)}`));
      }
      return { status: 204, body: {}, headers: {} };
    },
  };
}

function createStep(view: RecordingView, name: string, path: string, expected: string): Step {
  const mount = mountOf(view.given, path) ?? '/mnt/a';
  const actual = (reply: Reply): string => {
    // A frozen file system lets nobody in and tells nobody so: the API says it instead of waiting.
    const waits = reply.status === 409 && reply.body.code === 'dax_device_busy';
    return waits ? 'blocked' : actualCommand(reply);
  };
  return {
    label: name,
    request: (world) => createFile(world, mount, path, 4096),
    checks: [{ name, class: 'core', expected, actual }],
  };
}

/** `dd` or `head` of a file, by a process of its own. A path under a mount that was refused is no observation. */
function readFile(
  view: RecordingView,
  name: string,
  path: string,
  { cmd, item }: { readonly cmd: string; readonly item: FollowUp },
): Step[] {
  if (/No such file or directory/.test(item.stdout ?? '')) return [];
  const mount = mountPoints(view.given)[0]?.path ?? '/mnt/a';
  const file = path.replace(/^\/mnt\/[^/]+/, mount);
  const failed = /dd: /.test(item.stdout ?? '');
  const expected = failed ? expectedCommand({ ...item, rc: 1 }) : expectedCommand(item);
  // `bs=1M` without a count reads it all, cached or not.
  const length = /bs=1M/.test(cmd) && !/count=/.test(cmd) ? 4194304 : 14;
  return [
    {
      label: name,
      request: async (world) => readByNewProcess(world, file, length),
      checks: [{ name, class: 'core', expected, actual: (reply, world) => actualAnswer(reply, world, 'dd') }],
    },
  ];
}

async function readByNewProcess(world: World, file: string, length: number): Promise<Reply> {
  const process = await world.call('POST', hostPath(world, '/processes'), { comm: 'dd' });
  const body = { pid: process.body.pid, kind: 'pread', offset: 0, length };
  return world.call('POST', hostPath(world, `/files/${idOf(world, `file:${file}`)}/io`), body);
}

function unbindStep(name: string, item: FollowUp): Step {
  const expected = item.blocked !== true ? 'completed' : item.state === 'R' ? 'stuck' : 'waiting';
  return {
    label: name,
    request: removalNow,
    checks: [{ name, class: 'core', expected, actual: ({ body }) => text(body.state) }],
  };
}

function devicesStep(view: RecordingView, name: string, { devices, mounts }: FollowUp): Step[] {
  const state = devices === undefined ? {} : { devices };
  return [machineStep(view, name, state), ...mountSteps(mounts ?? [], `(${name})`)];
}

function killSteps(ends: Readonly<Record<string, Answer & { killed_by?: string }>>): Step[] {
  return Object.entries(ends).map(([process, end]) =>
    killStep(process, `SIGKILL ${process}`, end.killed_by !== undefined),
  );
}
