import type { Decision } from '../../src/engine/handle.ts';
import type { Refusal } from '../../src/engine/model/refusal.ts';
import type { Exported, Topology } from '../../src/engine/model/topology.ts';
import type { Machine } from './support.ts';

/** The document of a host, as a PUT takes it. */
export function exported(made: Machine): Topology {
  return declared(made.ask({ type: 'export_topology' }));
}

function declared({ not_declared: _not_declared, ...topology }: Exported): Topology {
  return topology;
}

/** Sends a document to the host `h`. */
export function putOn(made: Machine, topology: Topology): Decision<'put_topology'> | Refusal {
  return made.try({ type: 'put_topology', name: 'h', topology });
}
