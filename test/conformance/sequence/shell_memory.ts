import { text } from '../answer.ts';
import type { Reply } from '../step.ts';
import { wordAt } from './args.ts';
import { deviceNow, devicePath } from './devices.ts';
import { asChanceHadIt } from './chance.ts';
import { blocksNow, written } from './memory.ts';
import { core } from './stage.ts';
import type { Act, Stage } from './stage.ts';
import { commandWords, replyWords } from './words.ts';

/**
 * daxctl offline-memory: block by block, as far as one write that does not return; where kmem does not have the device,
 * what the tool says.
 */
export const offlined: Act = async (answer, _args, stage) => {
  const { driver } = await deviceNow(stage);
  const expected = commandWords(answer);
  const met =
    driver === 'kmem'
      ? await offlineAll(stage, expected)
      : replyWords(await stage.call('POST', devicePath(stage, '/offline-memory'), {}));
  return [core(expected, met)];
};

async function offlineAll(stage: Stage, met: string): Promise<string> {
  for (const name of await onlineBlocks(stage)) {
    const write = () => written(stage, name, 'offline');
    const words = replyWords(await asChanceHadIt(stage, { met, blocks: [name], write }));
    if (words !== 'ok') return words;
  }
  return 'ok';
}

async function onlineBlocks(stage: Stage): Promise<readonly string[]> {
  const now = await blocksNow(stage);
  return now.filter(({ state }) => text(state).startsWith('online')).map(({ name }) => text(name));
}

/** `daxX.Y/state`, which only some kernels have, and only while kmem has the device. */
export const stateRead: Act = async (answer, _args, stage) => {
  const { kmem_state } = await deviceNow(stage);
  const expected = answer.stdout?.trim() ?? commandWords(answer);
  return [core(expected, kmem_state === null ? 'ENOENT' : text(kmem_state))];
};

/** The shell says `I/O error` of every errno. */
export const stateWritten: Act = async (answer, args, stage) => {
  const expected = commandWords(answer);
  const isAnyErrno = answer.stderr?.includes('I/O error') === true;
  const reply = await asChanceHadIt(stage, {
    met: isAnyErrno ? 'EBUSY' : expected,
    blocks: await onlineBlocks(stage),
    write: () => stage.call('PATCH', devicePath(stage), { kmem_state: wordAt(args, 0) }),
  });
  return [core(isAnyErrno ? 'errno' : expected, isAnyErrno && isErrno(reply) ? 'errno' : replyWords(reply))];
};

function isErrno({ status, body }: Reply): boolean {
  return body.result === 'errno' || (status === 409 && typeof body.errno === 'string');
}
