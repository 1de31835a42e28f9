import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { BatchedCommand } from '../engine/model/batch_command.ts';
import type { CommandOf, Fields } from '../engine/model/command.ts';
import type { Backend } from './backend.ts';
import { openedBy, submittedRoute, type AnswerKind } from './mutate.ts';
import { JSON_TYPE, jsonResponse, RESPONSE_HEADERS, type Operation } from './operation.ts';
import { opened } from './schemas/exposure.ts';
import { Outcome } from './schemas/outcome.ts';
import { nameOf } from './schemas/page.ts';
import { HostPath } from './schemas/path.ts';
import { withExample } from './schemas/scalar.ts';

/** Items of a batch: as many answers pass from thread to thread within a turn that holds nobody up. */
const ITEMS_MAX = 1_000;
/** Members and elements of its body: a process, mapping or pin has about eight. */
const VALUES_MAX = 20 * ITEMS_MAX;

type BatchedType = BatchedCommand['type'];

/** POST of a collection's `/batch`: what its POST makes, many at a time. */
export interface BatchRoute<Type extends BatchedType, B extends z.ZodType> extends Operation {
  readonly url: string;
  readonly command: Type;
  /** The body of one. */
  readonly body: B;
  readonly record: z.ZodType;
  readonly fields: (body: z.output<B>) => Fields<Type>;
}

/** All or none, in the order of the items, one answer an item. */
export function batchRoute<Type extends BatchedType, B extends z.ZodType>(
  app: FastifyInstance,
  backend: Backend,
  { body, record, fields, command, ...route }: BatchRoute<Type, B>,
): void {
  const items = z.array(body).min(1).max(ITEMS_MAX).meta({ description: 'Done in their order.' });
  const itemOf = (said: z.output<B>): BatchedCommand => {
    const item: CommandOf<Type> = { type: command, ...fields(said) };
    return item as unknown as BatchedCommand;
  };
  submittedRoute(app, (submission) => backend.submitBatch(submission), {
    ...route,
    description: `All or none, in their order; up to ${String(ITEMS_MAX)} items, ${String(VALUES_MAX)} members and elements and 512 KiB. The first that is refused refuses all: \`errors\` points to it. An ETag is that of each record's own GET.`,
    method: 'POST',
    params: HostPath,
    body: z.strictObject({ items }).meta({
      id: `${nameOf(body)}Batch`,
      description: 'What is made, all or none.',
      override: withExample({ items: [exampleOf(body)] }),
    }),
    bodyValuesMax: VALUES_MAX,
    command: 'batch',
    fields: (asked) => ({ items: asked.body.items.map(itemOf) }),
    answer: answeredEach(record),
  });
}

/** What the document shows of a body. */
function exampleOf(body: z.ZodType): unknown {
  const shown: { example?: unknown } = {};
  const override = body.meta()?.['override'];
  if (typeof override === 'function') (override as ReturnType<typeof withExample>)({ jsonSchema: shown });
  return shown.example;
}

/** The answer as it comes packed, with the exposures put in before its end. */
function answeredEach(record: z.ZodType): AnswerKind<ArrayBuffer> {
  const name = nameOf(record);
  const item = z
    .union([record, Outcome])
    .meta({ id: `${name}OrOutcome`, description: 'What was made, or what whoever asked got instead.' });
  const items = z.array(item).max(ITEMS_MAX).meta({ description: 'One answer an item, in their order.' });
  const schema = z
    .strictObject({ items, ...opened })
    .meta({ id: `${name}Batch`, description: 'What came of a batch, of which all was done.' });
  return {
    responses: { 200: jsonResponse('One answer for each item.', schema, RESPONSE_HEADERS.mutation) },
    send: (reply, done) => {
      const opened = JSON.stringify(openedBy(done));
      const answer = Buffer.from(done.answer, 0, done.answer.byteLength - 1);
      return reply.type(JSON_TYPE).send(Buffer.concat([answer, Buffer.from(`,${opened.slice(1)}`)]));
    },
  };
}
