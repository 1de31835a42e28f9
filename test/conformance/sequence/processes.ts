import { hostPath, idOf } from '../step.ts';
import type { Reply } from '../step.ts';
import { refusalWords, text } from '../answer.ts';
import { wordAt } from './args.ts';
import { isDead, lifeWords, processPath, recordOf } from './death.ts';
import { remember } from './descriptors.ts';
import { listOf } from './paths.ts';
import { core, detail, slotOf } from './stage.ts';
import type { Act, Stage } from './stage.ts';
import { answerWords } from './words.ts';

/** A parent that is stuck in the kernel does not take the command: nothing was forked then. */
export const fork: Act = async (answer, args, stage) => {
  const [parent, child] = [wordAt(args, 0), wordAt(args, 1)];
  if (answer.error !== undefined && answer.ok !== true) return [];
  const body = { comm: child.slice(0, 15), parent_pid: Number(idOf(stage, `pid:${parent}`)) };
  const reply = await stage.call('POST', hostPath(stage, '/processes'), body);
  if (reply.status < 300) await inherit(stage, parent, child, text(reply.body.pid));
  return [core(answerWords(answer), reply.status < 300 ? 'ok' : refusalWords(reply))];
};

/** The child has the slots of its parent: mappings by their address, descriptors by what is open. */
async function inherit(stage: Stage, parent: string, child: string, pid: string): Promise<void> {
  stage.ids.set(`pid:${child}`, pid);
  stage.heard.set(child, stage.senders.length);
  const mappings = await listOf(stage, `/mappings?pid=${pid}&limit=200`);
  const mine = await listOf(stage, `/open-files?pid=${pid}&limit=200`);
  const parents = await listOf(stage, `/open-files?pid=${idOf(stage, `pid:${parent}`)}&limit=200`);
  for (const [key, value] of [...stage.ids]) {
    const [kind = '', owner, slot = ''] = key.split(/[: ]/);
    if (owner !== parent) continue;
    const to = slotOf(child, slot);
    const mapping = mappings.find(({ address }) => address === value);
    const opened = mine.find(
      (one) => one.description === parents.find(({ id }) => id === value)?.description,
    );
    if (kind === 'address' && mapping !== undefined) remember(stage, to, mapping);
    if (kind === 'open' && opened !== undefined) stage.ids.set(`open:${to}`, text(opened.id));
    if (kind === 'file') stage.ids.set(`file:${to}`, value);
  }
}

/** SIGKILL: whether it ended the process, and whether the kernel oopsed. */
export const kill: Act = async (answer, args, stage) => {
  const process = wordAt(args, 0);
  const reply = await stage.call('DELETE', processPath(stage, process));
  const oopses = (reply.body.kernel_oopses ?? []) as readonly { readonly at?: string }[];
  const hasOopsed = reply.status < 300 && (reply.body.result === 'kernel_oops' || oopses.length > 0);
  const [recorded] = answer.kernel_oops ?? [];
  return [
    core(answer.gone === true ? 'gone' : 'stays', await goneWords(reply, process, stage)),
    core(recorded === undefined ? 'no oops' : 'oops', hasOopsed ? 'oops' : 'no oops', 'oops'),
    ...(recorded !== undefined && hasOopsed ? [detail(recorded.at, text(oopses[0]?.at), 'oops at')] : []),
  ];
};

async function goneWords(reply: Reply, process: string, stage: Stage): Promise<string> {
  if (await isDead(stage, process)) return 'gone';
  const isToldNothing = reply.status >= 500 || reply.body.code === 'outcome_unknown' || reply.status === 404;
  return isToldNothing ? refusalWords(reply) : 'stays';
}

export const alive: Act = async (answer, args, stage) => {
  const expected = answer.alive === true ? 'alive' : `dead ${answer.end?.killed_by ?? '?'}`;
  return [core(expected, lifeWords(await recordOf(stage, wordAt(args, 0))))];
};
