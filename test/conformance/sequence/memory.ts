import { hostPath, idOf } from '../step.ts';
import type { Body, Reply } from '../step.ts';
import { access } from '../acts.ts';
import { actualAnswer, refusalWords, text } from '../answer.ts';
import { numberAt, wordAt } from './args.ts';
import { asChanceHadIt } from './chance.ts';
import { dataChecks } from './accesses.ts';
import { deathChecks } from './death.ts';
import { remember } from './descriptors.ts';
import { bound, devicePath, removalWords, removed } from './devices.ts';
import { core, slotOf } from './stage.ts';
import type { Act, Stage } from './stage.ts';
import { answerWords, commandWords, replyWords, writeWords } from './words.ts';
import type { StepAnswer } from './recording.ts';

const MIB = 1048576;

/** daxctl: unbinds device_dax, binds kmem, and puts online as movable what the kernel has not brought online itself. */
export const tokmem: Act = async (answer, args, stage) => {
  await stage.call('PATCH', hostPath(stage), { auto_online_blocks: wordAt(args, 0) });
  const force = wordAt(args, 1) === '-f' ? '_force' : '';
  const body = { mode: 'system-ram', via: `daxctl_reconfigure_device${force}` };
  return [core(commandWords(answer), await reconfigured(stage, body))];
};

/** In the API the removal that the tool begins with is asked for by itself. */
export async function reconfigured(stage: Stage, body: Body): Promise<string> {
  const reply = await bound(stage, body);
  if (reply.body.code !== 'not_modelled') return replyWords(reply);
  const removal = await removed(stage, { trigger: 'unbind', via: 'daxctl_disable_device' });
  if (removal.status >= 300) return refusalWords(removal);
  if (removal.body.state !== 'completed') return removalWords(removal);
  return replyWords(await bound(stage, body));
}

export const blocks: Act = async (answer, _args, stage) => {
  const now = await blocksNow(stage);
  const told = Object.entries(answer as Readonly<Record<string, string>>).map(
    ([name, line]) => [name, ...line.split(' ')] as const,
  );
  const isOnline = ({ state }: Body): boolean => text(state).startsWith('online');
  return [
    core(
      words(told.map(([name, state = '']) => [name, state])),
      words(now.map((block) => [text(block.name), isOnline(block) ? 'online' : text(block.state)])),
    ),
    core(
      words(
        told
          .filter(([, state = '']) => state.startsWith('online'))
          .map(([name, , zone = '']) => [name, zone]),
      ),
      words(now.filter(isOnline).map((block) => [text(block.name), text(block.zone)])),
      'zones',
    ),
  ];
};

function words(entries: readonly (readonly [string, string])[]): string {
  return entries
    .map(([name, value]) => `${name} ${value}`)
    .sort()
    .join(', ');
}

/** A write to the state of the Nth block; there may be none of that number. */
export const block: Act = async (answer, args, stage) => {
  if (answer.block === null || answer.block === undefined) return [];
  const [name, met] = [answer.block, writeWords(answer)];
  const write = () => written(stage, name, wordAt(args, 1));
  const reply = await asChanceHadIt(stage, { met, blocks: [name], write });
  return [core(met, replyWords(reply))];
};

export function written(stage: Stage, name: string, state: string): Promise<Reply> {
  return stage.call('PATCH', devicePath(stage, `/memory-blocks/${name}`), { state });
}

export async function blocksNow(stage: Stage): Promise<readonly Body[]> {
  const { body } = await stage.call('GET', devicePath(stage, '/memory-blocks?limit=500'));
  return (body.items ?? []) as readonly Body[];
}

/** Anonymous memory of the device's node; the process may have got that of another one. */
export const fill: Act = async (answer, args, stage) => {
  const [process, mib] = [wordAt(args, 0), numberAt(args, 1)];
  if (isElsewhere(answer)) return [];
  const slot = slotOf(process, '0');
  const shape = { dax_device: stage.device, offset: 0, length: mib * MIB, flags: ['private'], prot: 'rw' };
  const body = { pid: Number(idOf(stage, `pid:${process}`)), ...shape };
  const reply = await stage.call('POST', hostPath(stage, '/mappings'), body);
  if (reply.status >= 300) return [core('ok', refusalWords(reply), 'mmap')];
  remember(stage, slot, reply.body);
  const filled = await access(stage, slot, { kind: 'write', offset: 0, length: mib * MIB });
  // Nobody else sends SIGKILL while memory is filled.
  const expected = answer.dead?.killed_by === 'SIGKILL' ? 'dead SIGKILL' : answerWords(answer);
  return [core('ok', 'ok', 'mmap'), core(expected, actualAnswer(filled, stage, slot))];
};

function isElsewhere({ numa, ok }: StepAnswer): boolean {
  return numa !== undefined && Object.keys(numa).length === 0 && ok === true;
}

export const scan: Act = async (answer, args, stage) => {
  const [process, mib] = [wordAt(args, 0), numberAt(args, 1)];
  if (answer.dead !== undefined) return deathChecks(answer, process, stage);
  const slot = slotOf(process, '0');
  if (!stage.ids.has(`mapping:${slot}`)) return [];
  const reply = await access(stage, slot, { kind: 'read', offset: 0, length: mib * MIB });
  const met = actualAnswer(reply, stage, slot);
  return [core(answerWords(answer), met), ...dataChecks(answer.text, met, reply.body)];
};
