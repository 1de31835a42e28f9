import { pino } from 'pino';
import { noBackend } from '../src/http/no_backend.ts';
import { buildServer } from '../src/http/server.ts';
import type { Submitted } from '../src/http/backend.ts';
import { serveParent } from './child.ts';
import { build, run } from './engine.ts';
import { oneFile, sharedPage } from './fleet.ts';

/** The same server, routes and schemas over a backend that answers every command with one mapping and stores nothing. */
const answer = run(build(oneFile('stub')), sharedPage(1));
const done: Submitted = { status: 'done', answer, exposures: [], replayed: false, seq: 1 };
const backend = { ...noBackend(), submit: (async () => done) as never };
const log = pino({ level: 'warn' });
const app = await buildServer({ backend, logger: log, limits: { requests_in_work: 1_000 } });
serveParent(await app.listen({ host: '127.0.0.1', port: 0 }), () => app.close());
