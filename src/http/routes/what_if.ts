import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { definedOnly } from '../../engine/model/defined_only.ts';
import { KERNEL_NAMES } from '../../engine/model/vocabulary.ts';
import { isRefusal } from '../../engine/model/refusal.ts';
import type * as engine from '../../engine/questions/record.ts';
import type { Backend, NotDone } from '../backend.ts';
import { withCalls } from '../call.ts';
import { listSchema, textOf } from '../list.ts';
import { answered, conditionsOf, mark, mutationSchema } from '../mutate.ts';
import { JSON_TYPE } from '../operation.ts';
import { renderPageToken, rowBefore } from '../page_token.ts';
import { doneOrThrow, RefusalProblem } from '../problem.ts';
import { LIMIT_DEFAULT, pageQuery } from '../schemas/page.ts';
import {
  Assessment,
  assessed,
  assessmentFilters,
  CompareRemovalsBody,
  Comparison,
} from '../schemas/what_if.ts';

const tag = 'what-if';

/** POST /v1/comparisons and GET /v1/assessment: removals that are only imagined. */
export function whatIfRoutes(app: FastifyInstance, backend: Backend): void {
  comparisonRoute(app, backend);
  assessmentRoute(app, backend);
}

/** A POST, since what it asks is a body: it takes a key as every POST does, and changes nothing. */
function comparisonRoute(app: FastifyInstance, backend: Backend): void {
  const schema = mutationSchema({
    id: 'compareRemovals',
    tag,
    summary: 'Compare a removal across kernels',
    description:
      'The same removal from the present state on each kernel, or on kernels by their release, with the differences. Stores nothing.',
    refuses: [404],
    params: z.strictObject({}),
    body: CompareRemovalsBody,
    answer: answered('The kernels side by side.', Comparison),
  });
  app.post('/v1/comparisons', { schema }, async (request, reply) => {
    const { host, ...body } = request.body as z.output<typeof CompareRemovalsBody>;
    const asked = { kernels: body.kernel_releases === undefined ? KERNEL_NAMES : [], ...body };
    const conditions = conditionsOf(request, undefined);
    const { idempotency } = conditions;
    const question = { type: 'compare_removals', ...asked } as const;
    const asking = { host, question, ...(idempotency === undefined ? {} : { idempotency }) };
    const done = doneOrThrow(hostOfBody(await backend.ask(asking)));
    mark(reply, conditions, done.replayed);
    const { items, ...compared } = done.answer;
    const shown = items.map((item) => (item.refused === null ? withCalls(host, item) : item));
    return reply.send({ ...compared, items: shown });
  });
}

/** A host that is not there is one that the body names. */
function hostOfBody<Done extends { readonly status: 'done' }>(told: Done | NotDone): Done | NotDone {
  if (told.status !== 'refused' || told.refusal.code !== 'host_not_found') return told;
  return { ...told, refusal: { ...told.refusal, pointer: '/host' } };
}

function assessmentRoute(app: FastifyInstance, backend: Backend): void {
  const querystring = z.strictObject({ ...pageQuery, ...assessmentFilters });
  const operation = {
    id: 'assessFleet',
    tag,
    summary: 'Assess the fleet',
    description:
      'Per device, what a surprise removal now would leave, and what to do before. A page may be shorter than its limit, or empty, and others follow as long as there is a `next_page`: a filter that leaves little has looked at as many devices as one request may.',
    item: Assessment,
    more: assessed,
    refuses: [404],
  } as const;
  app.get('/v1/assessment', { schema: listSchema(operation, querystring) }, async (request, reply) => {
    const { limit, page_token, label, ...filters } = request.query as z.output<typeof querystring>;
    const after = rowBefore('assessment', page_token);
    const place = definedOnly({ after, labels: label });
    const page = await backend.assess({ filters, limit: limit ?? LIMIT_DEFAULT, ...place });
    if (isRefusal(page)) throw new RefusalProblem(page);
    const { last, as_of, oldest_seq, summary } = page;
    const items = await shown(page.items);
    reply.type(JSON_TYPE);
    return textOf(
      { items, next_page: renderPageToken('assessment', last === null ? null : [last]), as_of, oldest_seq },
      { summary },
    );
  });
}

/** Assessments that are made ready before other requests have their turn. */
const AT_ONCE = 50;

/** Assessments as texts, with the calls of their advice; those without any are shown as they are. */
async function shown(texts: readonly string[]): Promise<string[]> {
  const items: string[] = [];
  for (const text of texts) {
    items.push(text.includes('"advice":[]') ? text : shownOne(JSON.parse(text) as engine.Assessment));
    if (items.length % AT_ONCE === 0) await setImmediate();
  }
  return items;
}

function shownOne(assessment: engine.Assessment): string {
  return JSON.stringify(withCalls(assessment.host, assessment));
}
