import { expect } from 'vitest';
import type { TestServer } from './server.ts';

/** Makes hosts of a server, each under a name of its own: what is told of one, and its URL. */
export function newHosts(server: Pick<TestServer, 'call'>): (told: object) => Promise<string> {
  let hosts = 0;
  return async (told) => {
    const name = `n${String((hosts += 1))}`;
    const { status, text } = await server.call('POST', '/v1/hosts', { name, ...told });
    expect(status, text).toBe(201);
    return `/v1/hosts/${name}`;
  };
}
