import type { FastifyInstance } from 'fastify';
import type { AnswerTo } from '../../engine/answer.ts';
import { TOPOLOGY_MAX } from '../../engine/model/topology.ts';
import type { Backend } from '../backend.ts';
import { contentTag } from '../etag.ts';
import { mutationRoute, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow } from '../problem.ts';
import { readTagged } from '../read.ts';
import { DeclaredHostPath, HostPath } from '../schemas/path.ts';
import { ExportedTopology, PutTopology, Topology } from '../schemas/topology.ts';

const tag = 'hosts';
const url = '/v1/hosts/:host/topology';
/** Members and elements of its body: an element has about ten. */
const VALUES_MAX = 20 * TOPOLOGY_MAX;

/** What a host is to be, and what it is. */
export function topologyRoutes(app: FastifyInstance, backend: Backend): void {
  readTagged(app, {
    id: 'getTopology',
    tag,
    summary: 'Export what a host is',
    description: `As a document that PUT takes, of this host and of any other. Its ETag is new with every member. 409 \`topology_too_large\` above ${String(TOPOLOGY_MAX)} elements.`,
    refuses: [409],
    url,
    params: HostPath,
    schema: ExportedTopology,
    load: async ({ host }) => {
      const { answer } = doneOrThrow(await backend.ask({ host, question: { type: 'export_topology' } }));
      return { body: answer, etag: contentTag(answer) };
    },
  });
  mutationRoute(app, backend, {
    id: 'putTopology',
    tag,
    summary: 'Make a host what is declared',
    description: `All or nothing: it is created where it is not there, what is not declared ends, what differs is changed, what lacks is made. The same again changes nothing. With \`dry_run\` the answer is what would be done. Up to ${String(TOPOLOGY_MAX)} elements, ${String(VALUES_MAX)} members and 512 KiB. A refusal points to the member.`,
    makes: true,
    method: 'PUT',
    url,
    params: DeclaredHostPath,
    body: Topology,
    bodyValuesMax: VALUES_MAX,
    command: 'put_topology',
    fields: ({ params, body }) => ({ name: params.host, topology: body }),
    target: ({ params }) => ({ kind: 'hosts', id: params.host, is_topology: true }),
    answer: put,
  });
}

const headers = { ...RESPONSE_HEADERS.etag, ...RESPONSE_HEADERS.mutation };

/** 201 where the host was made, else 200; with the ETag that a GET would have. */
const put: AnswerKind<AnswerTo<'put_topology'>> = {
  responses: {
    200: jsonResponse('The host is as declared.', PutTopology, headers),
    201: jsonResponse('Created, as declared.', PutTopology, headers),
  },
  send: (reply, { answer }) => {
    const [first] = answer.changes;
    const isNew = first?.kind === 'hosts' && first.op === 'create';
    return reply
      .code(isNew ? 201 : 200)
      .header('etag', contentTag(answer.topology))
      .send(answer);
  },
};
