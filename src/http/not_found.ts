import type { FastifyInstance } from 'fastify';
import { pathOf } from './path_of.ts';
import { HttpProblem, sendProblem } from './problem.ts';

/** Tells a path that does not exist (404) from a method that it does not take (405 with Allow). */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) known.add(method);
    methods.set(route.url, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const allow = [...methods]
      .filter(([pattern]) => matches(pattern, path))
      .flatMap(([, known]) => [...known]);
    if (allow.length === 0) {
      return sendProblem(request, reply, new HttpProblem('route_not_found', `there is no route ${path}`));
    }
    const headers = { allow: [...new Set(allow)].sort().join(', ') };
    return sendProblem(
      request,
      reply,
      new HttpProblem('method_not_allowed', `${path} takes ${headers.allow}`, { headers }),
    );
  });
}

/** Whether a path has the segments of a route pattern such as `/v1/hosts/:host`. */
export function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length || pattern.includes('*')) return false;
  return wanted.every((segment, at) => (segment.startsWith(':') ? given[at] !== '' : segment === given[at]));
}
