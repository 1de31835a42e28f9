import type { Pin } from '../model/host.ts';
import type { WaitingOn } from '../model/removal.ts';

/** What a removal that waits says of a pin. */
export function waitsOn({ id, kind, pid, holder }: Pin): WaitingOn {
  const reference = kind === 'longterm' ? 'pin' : 'page_reference';
  return { kind: reference, pin: id, pid, holder, released_by: 'unpin' };
}
