import accepts from '@fastify/accepts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { JSON_TYPE } from '../operation.ts';
import { varyBy } from '../vary.ts';
import { DOWNLOADS, loadDocument, loadDownload, PAGES } from './document.ts';
import { describeHome, renderHome } from './home.ts';

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
  for (const name of PAGES) {
    const { markdown, html: text } = await loadDocument(name);
    app.get(`/${name}`, { schema }, async (request, reply) =>
      isBrowser(request, 'text/markdown')
        ? html(reply, text)
        : reply.type('text/markdown; charset=utf-8').send(markdown),
    );
  }
  for (const path of DOWNLOADS) {
    const text = await loadDownload(path);
    const type = path.endsWith('.json') ? JSON_TYPE : 'application/yaml; charset=utf-8';
    app.get(`/${path}`, { schema }, async (_request, reply) => reply.type(type).send(text));
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
