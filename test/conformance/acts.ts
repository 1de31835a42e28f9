import { actualAnswer, actualCommand, aliveWords, dataChecks, expectedAnswer } from './answer.ts';
import type { Answer } from './recording.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';
import type { RecordingView } from './view.ts';

/** Single acts that several kinds of recordings end with. */
export async function access(world: World, process: string, body: Body): Promise<Reply> {
  const path = hostPath(world, `/mappings/${idOf(world, `mapping:${process}`)}/access`);
  return logged(world, await world.call('POST', path, body));
}

/** Keeps what the kernel logged meanwhile. */
export function logged(world: World, reply: Reply): Reply {
  world.log.push(...((reply.body.kernel_log as string[] | undefined) ?? []));
  return reply;
}

/** A read of the probe's touched page outside the recorded round, under any name. */
export function readStep(process: string, name: string, answer: Answer, at?: number): Step {
  const offset = at ?? answer.si_addr_offset ?? 4096;
  return {
    label: name,
    request: (world) => access(world, process, { kind: 'read', offset, length: 24 }),
    checks: [
      {
        name,
        class: 'core',
        expected: expectedAnswer(answer),
        actual: (reply, world) => actualAnswer(reply, world, process),
      },
      ...dataChecks(name, answer),
    ],
  };
}

/** The process whose mapping is read again: the first one that has a mapping. */
export function readerOf(view: RecordingView): string {
  return view.processes.find(([, { mmap_failed }]) => mmap_failed === undefined)?.[0] ?? '';
}

export function bindStep(view: RecordingView, name: string, expected: string, body: object): Step {
  return {
    label: name,
    request: (world) => world.call('POST', hostPath(world, `/dax-devices/${view.device}/bind`), body),
    checks: [{ name, class: 'core', expected, actual: actualCommand }],
  };
}

export function umountStep(name: string, path: string, expected: string): Step {
  return {
    label: name,
    request: (world) => world.call('DELETE', hostPath(world, `/mounts/${idOf(world, `mount:${path}`)}`)),
    checks: [{ name, class: 'core', expected, actual: actualCommand }],
  };
}

/** SIGKILL, and whether it ended the process. */
export function killStep(process: string, name: string, gone: boolean): Step {
  return {
    label: name,
    request: (world) => world.call('DELETE', hostPath(world, `/processes/${idOf(world, `pid:${process}`)}`)),
    checks: [
      {
        name,
        class: 'core',
        expected: gone ? 'dead' : 'alive',
        actual: (_reply, world) => aliveWords(world, process),
      },
    ],
  };
}
