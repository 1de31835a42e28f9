import fastify from 'fastify';
import { serveParent } from './child.ts';

/** Fastify and nothing else, over the answers to two URLs: the text of the first, the objects of the second. */
const [one = '', list = ''] = process.argv.slice(2);
const text = await (await fetch(one)).text();
const page = (await (await fetch(list)).json()) as object;
const app = fastify();
app.get('/one', async (_request, reply) => reply.type('application/json; charset=utf-8').send(text));
app.get('/list', async () => page);
serveParent(await app.listen({ host: '127.0.0.1', port: 0 }), () => app.close());
