import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { definedOnly } from '../../engine/model/defined_only.ts';
import { refuse } from '../../engine/model/refusal.ts';
import { clockState, type HostClock as Clock } from '../../service/fault_rule.ts';
import type { Backend } from '../backend.ts';
import { viewTag } from '../etag.ts';
import { changed, created, deleted, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { HttpProblem, RefusalProblem } from '../problem.ts';
import { readTagged } from '../read.ts';
import { CreateFaultRule, FaultRule, HostClock, PatchFaultRule, SetClock } from '../schemas/fault_rule.ts';
import { FaultRulePath, HostPath } from '../schemas/path.ts';
import { serviceListRoute, serviceRoute, tagged } from '../service_route.ts';

const tag = 'fault-rules';
const url = '/v1/fault-rules';
const one = `${url}/:rule`;

declare module 'fastify' {
  interface FastifyInstance {
    /** The operationId of each route that is declared. */
    readonly operations: Set<string>;
  }
}

/** /v1/fault-rules, and the clocks that their delays go by. */
export function faultRuleRoutes(app: FastifyInstance, backend: Backend): void {
  const { service } = backend;
  serviceListRoute(app, {
    ...{ id: 'listFaultRules', tag, summary: 'List fault rules', url, item: FaultRule },
    load: (_asked, page) => service.faultRules(page),
  });
  readTagged(app, {
    ...{ id: 'getFaultRule', tag, summary: 'Get a fault rule', url: one, params: FaultRulePath },
    schema: FaultRule,
    load: async ({ rule }) => {
      const found = await service.faultRule(rule);
      if (found !== null) return tagged(found);
      throw new RefusalProblem(refuse('fault_rule_not_found', `there is no fault rule ${rule}`));
    },
  });
  changes(app, backend);
  clocks(app, backend);
}

function changes(app: FastifyInstance, backend: Backend): void {
  serviceRoute<'create_fault_rule', z.ZodObject, typeof CreateFaultRule>(app, backend, {
    ...{ id: 'createFaultRule', tag, summary: 'Create a fault rule', method: 'POST', url },
    description:
      'For tests of your own tools. A request meets the rules in order of their creation, once it is valid; the first that applies is done to it, and its answer has `Fault-Rule`. What a rule has met is counted and stored before anything is done: a restart repeats no decision. 409 `limit_reached` where there are 100.',
    params: z.strictObject({}),
    body: CreateFaultRule,
    command: ({ body }) => {
      refuseUnknown(app, body.selector.operation);
      return {
        type: 'create_fault_rule',
        fields: { description: null, remaining: null, probability: 1, seed: 0, ...body },
      };
    },
    answer: created(FaultRule),
  });
  serviceRoute<'patch_fault_rule', typeof FaultRulePath, typeof PatchFaultRule>(app, backend, {
    ...{ id: 'patchFaultRule', tag, summary: 'Change a fault rule', method: 'PATCH', url: one, target: true },
    description: 'Members that are absent stay. Another `seed` begins its sequence anew.',
    refuses: [],
    params: FaultRulePath,
    body: PatchFaultRule,
    command: ({ params: { rule }, body }) => {
      refuseUnknown(app, body.selector?.operation);
      return { type: 'patch_fault_rule', rule, fields: definedOnly(body) };
    },
    answer: changed(FaultRule),
  });
  serviceRoute<'delete_fault_rule', typeof FaultRulePath, z.ZodType>(app, backend, {
    ...{
      id: 'deleteFaultRule',
      tag,
      summary: 'Delete a fault rule',
      method: 'DELETE',
      url: one,
      target: true,
    },
    refuses: [],
    params: FaultRulePath,
    command: ({ params: { rule } }) => ({ type: 'delete_fault_rule', rule }),
    answer: deleted,
  });
}

/** A rule for a misspelt operation would never apply, and nobody would know. */
function refuseUnknown({ operations }: FastifyInstance, operation: string | undefined): void {
  if (operation === undefined || operations.has(operation)) return;
  const detail = `/openapi.json has no operation ${operation}`;
  throw new HttpProblem('invalid_request', detail, {
    errors: [{ pointer: '/selector/operation', detail }],
  });
}

function clocks(app: FastifyInstance, backend: Backend): void {
  const shown = ({ host, uid, revision, mode, advanced_ms }: Clock) => {
    const body = { host, uid, revision, mode, advanced_ms, waiting: backend.faults.waiting(host) };
    return { body, etag: viewTag(clockState(body), body) };
  };
  readTagged(app, {
    ...{ id: 'getClock', tag, summary: 'Get the clock of a host', url: '/v1/hosts/:host/clock' },
    ...{ params: HostPath, schema: HostClock },
    load: async ({ host }) => {
      const clock = await backend.service.clock(host);
      if (clock === null) throw new RefusalProblem(refuse('host_not_found', `there is no host ${host}`));
      return shown(clock);
    },
  });
  const answer: AnswerKind<Clock> = {
    responses: {
      200: jsonResponse('The clock of the host, as it is now.', HostClock, {
        ...RESPONSE_HEADERS.etag,
        ...RESPONSE_HEADERS.mutation,
      }),
    },
    send: (reply, { answer: clock }) => {
      const { body, etag } = shown(clock);
      return reply.header('etag', etag).send(body);
    },
  };
  serviceRoute<'set_clock', typeof HostPath, typeof SetClock>(app, backend, {
    ...{ id: 'setClock', tag, summary: 'Stop a clock, or put it forward', method: 'POST' },
    ...{ url: '/v1/hosts/:host/clock', target: true },
    description:
      'A delay of a fault rule whose selector names a host with a manual clock waits until that is put forward: a test needs no sleep.',
    params: HostPath,
    body: SetClock,
    command: ({ params: { host }, body }) => ({ type: 'set_clock', host, ...body }),
    answer,
  });
}
