import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';

const { normalizeIP } = rateLimit;

/** The one client that a request counts for: its token where it presents one that is known, else its address, of IPv6 the /64. */
export function countedAs({ token, ip }: Pick<FastifyRequest, 'token' | 'ip'>): string {
  return typeof token === 'number' ? `token ${String(token)}` : normalizeIP(ip);
}
