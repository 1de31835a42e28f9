import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { allowedTargetOf, isHostName, withoutRoot, type Cidr } from '../../service/allowed_target.ts';

/** Where webhooks may be sent to: any public address, and what an operator allows beside. */
export interface Targets {
  /** Why nothing is sent to an address that a name has, or that stands in a URL itself; null where it may be. */
  readonly refuses: (hostname: string, address: string) => string | null;
}

/** An answer of the system's resolver, whatever it asks. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** An @ before the path: a URL that has been read does not tell an empty user. */
const HAS_USER = /^[^/\\]*[/\\]*[^/\\?#]*@/;
const LOCALHOST = /(?:^|\.)localhost$/;
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Reads what is allowed beside public addresses: names (`hooks.internal`), addresses and CIDRs (`10.0.0.0/8`). Throws at
 * an entry that is none of these.
 */
export function allowTargets(entries: readonly string[]): Targets {
  const names = new Set<string>();
  const ranges: Cidr[] = [];
  for (const entry of entries) {
    const allowed = allowedTargetOf(entry);
    if (allowed === null) throw new Error(`${entry} is neither a name, nor an address, nor a CIDR`);
    if ('name' in allowed) names.add(normal(allowed.name));
    else ranges.push(allowed.cidr);
  }
  return {
    refuses: (hostname, address) => {
      if (names.has(normal(hostname))) return null;
      if (!ipaddr.isValid(address)) return `${address} is no address`;
      const parsed = ipaddr.process(address);
      const isAllowed = ranges.some(
        ([base, bits]) => base.kind() === parsed.kind() && parsed.match([base, bits] as never),
      );
      if (isAllowed || isPublic(parsed)) return null;
      return `${address} is no public address (${parsed.range()}): DAXPLANE_WEBHOOK_TARGETS takes further ones`;
    },
  };
}

/** No loopback, private, link-local or shared address, nor one that has another in it (6to4, Teredo, a translator). */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
}

/** Names are compared in lower case, and without the dot of the root. */
function normal(name: string): string {
  return withoutRoot(name.toLowerCase());
}

/**
 * Why no webhook is sent to a URL, as far as it tells by itself: what its name resolves to is looked at with every attempt.
 * Null where nothing speaks against it.
 */
export function refusesUrl(targets: Targets, text: string): string | null {
  if (!URL.canParse(text)) return 'expected an absolute URL';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'expected http or https';
  if (url.username !== '' || url.password !== '' || HAS_USER.test(text))
    return 'takes no user and no password';
  const hostname = hostnameOf(url);
  if (isIP(hostname) !== 0) return targets.refuses(hostname, hostname);
  if (!isHostName(hostname))
    return 'expected a host name of labels of 1 to 63 letters, digits, - and _, 253 in all';
  if (!LOCALHOST.test(normal(hostname))) return null;
  return targets.refuses(hostname, '127.0.0.1') === null ? null : targets.refuses(hostname, '::1');
}

/** The name, or the address without brackets. The URL has each spelling of an IPv4 address as four numbers already. */
export function hostnameOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** An attempt that was not made, for its target is none that is allowed. */
export class TargetRefused extends Error {}

/**
 * Resolves names for a connection, at the time that it is made: what is checked is what is connected to, so that a name
 * that means something else by then is of no use. Addresses that are not allowed are left out; of none it fails.
 */
export function lookupFor(targets: Targets, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const refused = addresses.map(({ address }) => targets.refuses(hostname, address));
      const allowed = addresses.filter((_each, at) => refused[at] === null);
      const [first] = allowed;
      if (first === undefined) callback(new TargetRefused(refused[0] ?? `${hostname} has no address`), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
