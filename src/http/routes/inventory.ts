import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { isRefusal } from '../../engine/model/refusal.ts';
import { EXPORT_FORMATS } from '../../inventory/export_listing.ts';
import type { Backend } from '../backend.ts';
import { refuseOtherTypes, utf8Of } from '../json_body.ts';
import { leaving } from '../leaving.ts';
import { conditionsOf, mark, mutationSchema } from '../mutate.ts';
import { describe, JSON_TYPE, jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow, HttpProblem, RefusalProblem } from '../problem.ts';
import { Inventory, InventoryImport } from '../schemas/inventory.ts';
import { HostPath } from '../schemas/path.ts';
import { queryBoolean } from '../schemas/scalar.ts';

const tag = 'hosts';
const url = '/v1/hosts/:host/inventory';

/** What curl and the tools' pipes call a JSON text; the last is curl's default. */
const TEXT_TYPES = [
  'application/json',
  'text/plain',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
];

/** As many as a listing has characters at most. */
const LISTING_BYTES_MAX = 8 * 2 ** 20;

/** POST and GET of a host's listings. Its bytes are handed on unread, and what is answered is sent as it comes: neither may hold this thread. */
export function inventoryRoutes(app: FastifyInstance, backend: Backend): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      TEXT_TYPES,
      { parseAs: 'buffer', bodyLimit: LISTING_BYTES_MAX },
      (request, bytes, done) => done(null, utf8Of(request, bytes as Buffer)),
    );
    refuseOtherTypes(scope, TEXT_TYPES);
    importRoute(scope, backend);
    exportRoute(scope, backend);
  });
}

const completeQuery = {
  complete: queryBoolean.exactOptional().meta({
    description:
      'The listing is everything of each kind in it, so that what it lacks is gone; else what it lacks is only told, in `absent`.',
  }),
};

function importRoute(app: FastifyInstance, backend: Backend): void {
  const schema = mutationSchema({
    id: 'importInventory',
    tag,
    summary: 'Import a listing',
    description:
      'The text of `ndctl list`, `daxctl list` or `cxl list`, with any flags; the format is recognised. Several of them may follow one another, of different tools too, with other lines between them: each is worked in as if it came alone. What cannot be read is told in `skipped`, and nothing else is left out with it.',
    params: HostPath,
    query: completeQuery,
    body: Inventory,
    // What one object is refused for leaves out that object alone.
    refuses: [],
    answer: {
      responses: {
        200: jsonResponse('What became of each object.', InventoryImport, RESPONSE_HEADERS.mutation),
      },
    },
  });
  app.post(url, { schema }, async (request, reply) => {
    const { host } = request.params as z.output<typeof HostPath>;
    // The tools print nothing at all where nothing matches: no body is an empty listing.
    const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const { complete = false } = request.query as { complete?: boolean };
    const submission = { host, bytes, complete, ...conditionsOf(request, undefined) };
    const imported = await backend.importInventory({ ...submission, signal: leaving(reply) });
    if (imported.status === 'not_taken') throw notTaken(imported);
    const done = doneOrThrow(imported);
    mark(reply, submission, done.replayed);
    return reply.type(JSON_TYPE).send(done.answer);
  });
}

function exportRoute(app: FastifyInstance, backend: Backend): void {
  const querystring = z.strictObject({ format: z.enum(EXPORT_FORMATS).default('ndctl') });
  const schema = describe(
    {
      id: 'exportInventory',
      tag,
      summary: 'Export a listing',
      description:
        'What `ndctl list -BDRNXMi`, `daxctl list -RDM` or `cxl list -vvv` would print now, as far as listings have told it. Never waits.',
    },
    {
      params: HostPath,
      querystring,
      response: {
        200: jsonResponse('The listing, as the tool prints it.', Inventory, RESPONSE_HEADERS.listing),
      },
    },
  );
  app.get(url, { schema }, async (request, reply) => {
    const { host } = request.params as z.output<typeof HostPath>;
    const { format } = request.query as z.output<typeof querystring>;
    const listing = await backend.exportInventory(host, format, leaving(reply));
    if (isRefusal(listing)) throw new RefusalProblem(listing);
    if ('status' in listing) throw notTaken(listing);
    const { text, blocked_by } = listing;
    if (blocked_by !== null) void reply.header('listing-blocked-by', `/v1/removals/${blocked_by}`);
    return reply.type(JSON_TYPE).send(Buffer.from(text));
  });
}

function notTaken({ code, detail }: Extract<ImportAnswer, { status: 'not_taken' }>): HttpProblem {
  return new HttpProblem(code, detail, code === 'unavailable' ? { headers: { 'retry-after': '1' } } : {});
}

type ImportAnswer = Awaited<ReturnType<Backend['importInventory']>>;
