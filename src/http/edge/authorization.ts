import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from '../problem.ts';
import type { Tokens } from './tokens.ts';

/** What needs no token: health, and what says nothing of the fleet. */
const OPEN = [
  ...['/', '/livez', '/readyz', '/errors', '/runbook', '/docs'],
  ...['/matrix', '/story', '/alerts.yml', '/grafana/daxplane.json'],
  ...['/openapi.json', '/openapi-3.0.json'],
];
const OPEN_BELOW = ['/docs/'];

declare module 'fastify' {
  interface FastifyRequest {
    /** The number of the token that was presented, from 0; absent or null where none was, or none is needed. */
    token?: number | null;
  }
}

/** Whether a route, by its pattern, is asked without a token also where there are tokens. */
export function isOpen(pattern: string): boolean {
  return OPEN.includes(pattern) || OPEN_BELOW.some((path) => pattern.startsWith(path));
}

/**
 * Answers 401 to whoever presents none of the tokens; a path of no route is 404 to everybody. After the limits on
 * requests, so that guesses count; a preflight has no token, and gets its answer before.
 */
export async function requireToken(app: FastifyInstance, tokens: Tokens): Promise<void> {
  await app.register(bearerAuth, {
    keys: [],
    auth: (presented, request) => {
      // The limit on requests may have found it already.
      request.token ??= tokens.find(presented);
      return request.token !== null;
    },
    // A decorator, whose error our handler answers.
    addHook: false,
    specCompliance: 'rfc6749',
    verifyErrorLogLevel: 'debug',
  });
  app.decorateRequest('token', null);
  const verify = app.verifyBearerAuth!;
  app.addHook('onRoute', (route) => {
    if (isOpen(route.url)) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      (request, reply, done) => {
        verify(request, reply, (error) => done(error === undefined ? undefined : unauthorized(request)));
      },
    ];
  });
}

/** RFC 6750, 3: who presents nothing is told the scheme alone. */
function unauthorized({ headers }: FastifyRequest): HttpProblem {
  const [detail, challenge] =
    headers.authorization === undefined
      ? ['Authorization: Bearer is needed here', 'Bearer realm="daxplane"']
      : ['this token is not known here', 'Bearer realm="daxplane", error="invalid_token"'];
  return new HttpProblem('unauthorized', detail, {
    errors: [{ pointer: '/Authorization', detail: `header: ${detail}` }],
    headers: { 'www-authenticate': challenge },
  });
}
