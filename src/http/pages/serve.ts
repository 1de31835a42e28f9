import accepts from '@fastify/accepts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS_PATH } from '../problem.ts';
import { varyBy } from '../vary.ts';
import { loadDocument } from './document.ts';
import { describeHome, renderHome } from './home.ts';

const DOCUMENTS = { [ERRORS_PATH]: 'errors', '/runbook': 'runbook' } as const;

/** `/`, and the pages of docs/ that a client or an operator is sent to. HTML for a browser; else JSON, or the Markdown. */
export async function servePages(app: FastifyInstance): Promise<void> {
  await app.register(accepts);
  const schema = { hide: true };
  const told = describeHome();
  app.get('/', { schema }, async (request, reply) =>
    isBrowser(request, 'json')
      ? html(reply, renderHome(`${request.protocol}://${request.host}`))
      : reply.send(told),
  );
  for (const [path, name] of Object.entries(DOCUMENTS)) {
    const { markdown, html: text } = await loadDocument(name);
    app.get(path, { schema }, async (request, reply) =>
      isBrowser(request, 'text/markdown')
        ? html(reply, text)
        : reply.type('text/markdown; charset=utf-8').send(markdown),
    );
  }
}

/** Whether HTML is asked for by name: curl, which takes anything, gets what reads well in a terminal. */
function isBrowser(request: FastifyRequest, other: string): boolean {
  return request.accepts().type([other, 'html']) === 'html';
}

function html(reply: FastifyReply, text: string): FastifyReply {
  varyBy(reply, 'Accept');
  return reply.type('text/html; charset=utf-8').send(text);
}
