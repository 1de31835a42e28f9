import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address and how many of its first bits count. */
export type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** Where webhooks may be sent to beside public addresses. */
export type AllowedTarget = { readonly name: string } | { readonly cidr: Cidr };

/** What an operator says of it: a name (`hooks.internal`), an address without brackets, or a CIDR; null where it is none. */
export function allowedTargetOf(text: string): AllowedTarget | null {
  if (ipaddr.isValidCIDR(text)) return { cidr: ipaddr.parseCIDR(text) };
  if (isIP(text) !== 0) return text.includes('%') ? null : { cidr: alone(text) };
  return isHostName(text) ? { name: text } : null;
}

function alone(address: string): Cidr {
  const parsed = ipaddr.process(address);
  return [parsed, parsed.kind() === 'ipv4' ? 32 : 128] as Cidr;
}

const LABEL = /^[\w-]{1,63}$/;
const NAME_LENGTH_MAX = 253;

/**
 * Whether DNS can have a name, which may end with the dot of the root: labels of letters, digits, - and _, of which the
 * last has a letter, else it is an address that is none. A URL takes more.
 */
export function isHostName(text: string): boolean {
  const name = withoutRoot(text);
  const labels = name.split('.');
  return (
    name.length <= NAME_LENGTH_MAX &&
    labels.every((label) => LABEL.test(label)) &&
    /[a-z]/i.test(labels.at(-1)!)
  );
}

/** A name without the dot of the root. */
export function withoutRoot(name: string): string {
  return name.replace(/\.$/, '');
}
