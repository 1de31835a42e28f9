import { hostPath } from '../step.ts';
import type { Body, Reply } from '../step.ts';
import { removeToRest } from '../rest.ts';
import { look, refusalWords, text } from '../answer.ts';
import { wordAt } from './args.ts';
import type { StepAnswer } from './recording.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Act, Stage } from './stage.ts';
import { commandWords, replyWords, writeWords } from './words.ts';

/** A write to a driver's `unbind`: completed, or where it stays. */
export const unbind: Act = async (answer, args, stage) => {
  const driver = wordAt(args, 0);
  const expected = removalExpected(answer);
  const { mode } = await deviceNow(stage);
  if (driver === 'kmem' && mode !== 'system-ram' && expected === 'ENODEV')
    return [core(expected, NO_REQUEST)];
  const via = driver === 'kmem' ? {} : { via: driver };
  const reply = await removed(stage, { trigger: 'unbind', ...via });
  return [core(expected, reply.status < 300 ? removalWords(reply) : refusalWords(reply))];
};

function removalExpected(answer: StepAnswer): string {
  if (answer.blocked !== true)
    return answer.died === undefined ? (answer.errno ?? 'completed') : 'kernel_oops';
  return answer.state === 'R' ? 'stuck' : 'waiting';
}

/** A removal that is stuck sleeps where a step says in what it hangs; else it spins. */
export function removalWords({ body }: Reply): string {
  if (body.result === 'errno') return text(body.errno);
  const { steps = [] } = body as { steps?: readonly { readonly result: object }[] };
  return body.state === 'stuck' && steps.some(({ result }) => 'hangs_in' in result)
    ? 'waiting'
    : text(body.state);
}

/** Asks for a removal; who it sends signals to is told by its report, then and later. */
export async function removed(stage: Stage, body: Body): Promise<Reply> {
  const reply = await removeToRest(stage, devicePath(stage, '/remove'), body);
  if (reply.status < 300 && reply.body.uid !== undefined) {
    const path = `/v1/removals/${text(reply.body.uid)}`;
    stage.senders.push(async () => {
      const { report } = (await stage.call('GET', path)).body as { report?: { signals?: readonly Body[] } };
      return report?.signals ?? [];
    });
  }
  return reply;
}

export const bind: Act = async (answer, args, stage) => {
  const reply = await bound(stage, { driver: wordAt(args, 0) });
  return [core(writeWords(answer), replyWords(reply))];
};

export const todevdax: Act = (answer, _args, stage) => converted(answer, ['devdax'], stage);
export const tofsdax: Act = (answer, _args, stage) => converted(answer, ['fsdax'], stage);

/** ndctl disables the namespace first, and refuses while it is mounted; then it gives it the other mode. */
export const converted: Act = async (answer, args, stage) => {
  const mode = wordAt(args, 0);
  const expected = commandWords(answer);
  const device = await deviceNow(stage);
  const isUp = device.state === 'bound' || (device.mode !== 'fsdax' && device.parent_bound === true);
  if (isUp) {
    const via = device.mode === 'fsdax' ? 'ndctl_destroy_namespace' : 'dax_pmem';
    const reply = await removed(stage, { trigger: 'unbind', via });
    if (reply.status >= 300) return [core(expected, refusalWords(reply))];
    if (reply.body.state !== 'completed') return [core(expected, removalWords(reply))];
  }
  return [core(expected, replyWords(await bound(stage, { mode, tenant: 'next' })))];
};

export function bound(stage: Stage, body: Body): Promise<Reply> {
  return stage.call('POST', devicePath(stage, '/bind'), body);
}

export function deviceNow(stage: Stage): Promise<Body> {
  return look(stage, `/dax-devices/${stage.device}`);
}

export function devicePath(stage: Stage, rest = ''): string {
  return hostPath(stage, `/dax-devices/${stage.device}${rest}`);
}
