import { createHash } from 'node:crypto';
import type { Host } from '../engine/model/host.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import { exportTopology } from '../engine/topology/export.ts';
import type { Submission } from './port.ts';

const DIGEST_LENGTH = 32;

/**
 * Whether the topology of a host is one of those that are asked for: by digests of their JSON, as entity tags have them.
 * Only for who has the whole host: it looks at all of it. True where nothing is asked, or the host is not there.
 */
export function isTopologyAsked(host: Host, precondition: Submission['precondition']): boolean {
  const topologies = precondition?.topologies;
  if (topologies === undefined || host.tables.hosts.size === 0) return true;
  const exported = exportTopology(host);
  if (isRefusal(exported)) return false;
  const digest = createHash('sha256').update(JSON.stringify(exported)).digest('hex').slice(0, DIGEST_LENGTH);
  return topologies.includes(digest);
}
