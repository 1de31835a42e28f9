import type { FaultSelector } from '../../service/fault_rule.ts';

/** A request as a rule sees it; null is what it does not name. */
export interface MetRequest {
  readonly operation: string;
  readonly method: string;
  /** Without its query, as it was sent. */
  readonly path: string;
  readonly host: string | null;
  readonly dax_device: string | null;
}

/** Whether a request is all that a selector says. */
export function selects(selector: FaultSelector, request: MetRequest): boolean {
  const { operation, method, path, host, dax_device } = selector;
  return (
    (operation === undefined || operation === request.operation) &&
    (method === undefined || method === request.method) &&
    (host === undefined || host === request.host) &&
    (dax_device === undefined || dax_device === request.dax_device) &&
    (path === undefined || isPath(path.split('/'), request.path.split('/')))
  );
}

/** Segment by segment: no pattern takes longer than it is. */
function isPath(pattern: readonly string[], path: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '**';
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? path.length < fixed.length : path.length !== fixed.length) return false;
  return fixed.every((segment, at) => segment === '*' || segment === path[at]);
}
