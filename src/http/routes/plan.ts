import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Plan as HostPlan } from '../../engine/questions/plan_record.ts';
import { PLANNED_MAX } from '../../engine/model/question.ts';
import type { Refusal } from '../../engine/model/refusal.ts';
import type { Backend } from '../backend.ts';
import { callOf } from '../call.ts';
import { answered, conditionsOf, mark, mutationSchema } from '../mutate.ts';
import { doneOrThrow, HttpProblem, RefusalProblem } from '../problem.ts';
import { HOSTS_MAX, Plan, PlanRemovalsBody } from '../schemas/plan.ts';

type Body = z.output<typeof PlanRemovalsBody>;
type Conditions = ReturnType<typeof conditionsOf>;

/** POST /v1/plans: a question a host, one after the other. It takes a key as every POST does, and changes nothing. */
export function planRoute(app: FastifyInstance, backend: Backend): void {
  const schema = mutationSchema({
    id: 'planRemovals',
    tag: 'what-if',
    summary: 'Plan removals',
    description:
      'For a set of devices, what to do before they are removed, in which order, what it costs, and what is left then. Stores nothing.',
    refuses: [404],
    params: z.strictObject({}),
    body: PlanRemovalsBody,
    answer: answered('What to do, in order, and what is left.', Plan),
  });
  app.post('/v1/plans', { schema }, async (request, reply) => {
    const body = request.body as Body;
    const conditions = conditionsOf(request, undefined);
    const order: object[] = [];
    const left: object[] = [];
    const hosts: object[] = [];
    let replayed = false;
    for (const [at, asked] of askedOf(body).entries()) {
      const { host } = asked;
      const done = await planHost(backend, asked, body.trigger, keyOf(conditions, at, host));
      replayed ||= done.replayed;
      for (const { calls, ...step } of done.answer.order) {
        order.push({ step: order.length + 1, host, ...step, calls: calls.map((call) => callOf(host, call)) });
      }
      left.push(...done.answer.left.map((device) => ({ host, ...device })));
      hosts.push({ host, as_of: done.seq });
    }
    mark(reply, conditions, replayed);
    return reply.send({ order, left, hosts });
  });
}

/** What is asked of one host, and where the request names it. */
interface Asked {
  readonly host: string;
  readonly pointer: string;
  /** Absent: all that it has. */
  readonly dax_devices?: { readonly name: string; readonly pointer: string }[];
}

async function planHost(
  backend: Backend,
  { host, pointer, dax_devices }: Asked,
  trigger: Body['trigger'],
  kept: Pick<Conditions, 'idempotency'>,
): Promise<{ readonly answer: HostPlan; readonly replayed: boolean; readonly seq: number }> {
  const named = dax_devices === undefined ? {} : { dax_devices: dax_devices.map(({ name }) => name) };
  const question = { type: 'plan_removals', trigger, ...named } as const;
  const done = await backend.ask({ host, question, ...kept });
  if (done.status === 'refused') throw new RefusalProblem(pointed(done.refusal, pointer, dax_devices));
  return doneOrThrow(done);
}

/** The refusal with the member of the request that it is about. */
function pointed(refusal: Refusal, host: string, dax_devices: Asked['dax_devices']): Refusal {
  const at =
    dax_devices?.findIndex((_device, index) => refusal.pointer === `/dax_devices/${String(index)}`) ?? -1;
  return { ...refusal, pointer: dax_devices?.[at]?.pointer ?? host };
}

/** A key stands for the first host; for each other one it is made longer by what no key has: a space. */
function keyOf({ idempotency }: Conditions, at: number, host: string): Pick<Conditions, 'idempotency'> {
  if (idempotency === undefined) return {};
  const { key, fingerprint } = idempotency;
  return { idempotency: { key: at === 0 ? key : `${key} ${host}`, fingerprint } };
}

/** By host, in the order of the request. */
function askedOf({ hosts = [], dax_devices }: Body): Asked[] {
  if (dax_devices === undefined) {
    if (hosts.length === 0) throw wrong('/hosts', 'name hosts, or dax_devices');
    return [...new Set(hosts)].map((host) => ({ host, pointer: `/hosts/${String(hosts.indexOf(host))}` }));
  }
  if (hosts.length > 1) throw wrong('/hosts', 'beside dax_devices there is one host, or none');
  const [only] = hosts;
  const byHost = new Map<string, Asked & Required<Pick<Asked, 'dax_devices'>>>();
  for (const [at, each] of dax_devices.entries()) {
    const pointer = `/dax_devices/${String(at)}`;
    const named = typeof each === 'string' ? { host: only, dax_device: each } : each;
    const { host, dax_device } = named;
    if (host === undefined) throw wrong(pointer, 'a plain name needs the one host in hosts');
    if (only !== undefined && host !== only) throw wrong(pointer, `its host is not ${only}`);
    const asked = byHost.get(host) ?? { host, pointer, dax_devices: [] };
    if (!asked.dax_devices.some(({ name }) => name === dax_device)) {
      asked.dax_devices.push({ name: dax_device, pointer });
    }
    byHost.set(host, asked);
    if (byHost.size > HOSTS_MAX) throw wrong(pointer, `more than ${String(HOSTS_MAX)} hosts`);
    if (asked.dax_devices.length > PLANNED_MAX) {
      throw wrong(pointer, `more than ${String(PLANNED_MAX)} devices of ${host}`);
    }
  }
  return [...byHost.values()];
}

function wrong(pointer: string, detail: string): HttpProblem {
  return new HttpProblem('invalid_request', detail, { errors: [{ pointer, detail }] });
}
