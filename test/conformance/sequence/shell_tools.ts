import { refusalWords } from '../answer.ts';
import { wordAt } from './args.ts';
import { bound, devicePath, removalWords, removed } from './devices.ts';
import { reconfigured } from './memory.ts';
import { core } from './stage.ts';
import type { Act, Stage } from './stage.ts';
import { commandWords, replyWords } from './words.ts';

/** A command that takes the device from its driver, and waits until that is done. */
export function disabling(via: string | null): Act {
  return async (answer, _args, stage) => {
    const reply = await removed(stage, { trigger: 'unbind', ...(via === null ? {} : { via }) });
    if (reply.status >= 300) return [core(commandWords(answer), refusalWords(reply))];
    const met = removalWords(reply);
    return [core(commandWords(answer), doneOr(met))];
  };
}

function doneOr(met: string): string {
  if (met === 'completed') return 'ok';
  return met === 'waiting' || met === 'stuck' ? 'blocked' : met;
}

export const unbindByEcho: Act = (answer, args, stage) => {
  const driver = wordAt(args, 0);
  return disabling(driver === 'kmem' ? null : driver)(answer, [], stage);
};

export const bindByEcho: Act = async (answer, args, stage) => [
  core(commandWords(answer), replyWords(await bound(stage, { driver: wordAt(args, 0) }))),
];

export function enabling(via: string): Act {
  return async (answer, _args, stage) => [
    core(commandWords(answer), replyWords(await bound(stage, { via }))),
  ];
}

/** `daxctl reconfigure-device -m MODE [-f]` */
export const reconfigure: Act = async (answer, args, stage) => {
  const via = `daxctl_reconfigure_device${wordAt(args, 1) === '' ? '' : '_force'}`;
  return [core(commandWords(answer), await reconfigured(stage, { mode: wordAt(args, 0), via }))];
};

export const onlineMemory: Act = async (answer, _args, stage) => {
  const reply = await stage.call('POST', devicePath(stage, '/online-memory'), {});
  return [core(commandWords(answer), reply.status >= 300 ? refusalWords(reply) : memoryWords(reply.body))];
};

function memoryWords(body: Stage['made']): string {
  const { result, errno } = (body?.memory ?? {}) as { readonly result?: string; readonly errno?: string };
  return result === 'errno' ? (errno ?? 'errno') : (result ?? 'ok');
}
