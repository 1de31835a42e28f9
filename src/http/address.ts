import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** An address that can be listened on. */
export interface FreeAddress {
  /**
   * In digits: of a name with several, the first of IPv4, which clients of both kinds try. Fastify would make a server
   * for each that `localhost` has, and set up only one.
   */
  readonly address: string;
  /** Whether other machines reach it: it is none of the loopback's. */
  readonly isOpen: boolean;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'in use by another program; stop that one, or set DAXPLANE_PORT (0 takes any free port)',
  EACCES: 'not for the user of this process; set DAXPLANE_PORT to one above 1023',
  EADDRNOTAVAIL: 'not an address of this machine; set DAXPLANE_HOST',
  ENOTFOUND: 'not a name of this machine; set DAXPLANE_HOST',
};

/**
 * Takes an address for a moment and gives it back, so that one that is in use is known before anything else is done.
 * Throws with the address and the remedy where it cannot be listened on.
 */
export async function findAddress(host: string, port: number): Promise<FreeAddress> {
  const server = createServer();
  try {
    const { address } = await lookup(host, { order: 'ipv4first' });
    server.listen({ host: address, port });
    await once(server, 'listening');
    return { address, isOpen: !/^(127\.|::1$|::ffff:127\.)/.test(address) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const what = REMEDIES[code] ?? `nothing that can be listened on (${code})`;
    throw new Error(`${host}:${String(port)} is ${what}`, { cause: error });
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
