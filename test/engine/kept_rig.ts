import { apply, emptyHost, indexHost } from '../../src/engine/model/apply.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { idsBy } from '../../src/engine/model/uses.ts';
import { copyHost } from './copy_host.ts';
import { steadyContext } from './support.ts';

/** A state as a store would give it back. */
export function keptOf(host: Host): Host {
  const { uses_by, open_exposures } = emptyHost();
  return indexHost({ ...copyHost(host), uses_by, open_exposures });
}

/** Uids of one host by those of another one alike, by the places of their records. */
function uidsBetween(from: Host, to: Host): Map<string, string> {
  const uidsOf = (host: Host): string[] =>
    kindsOf(host).flatMap(([, records]) => [...records.values()].map(({ uid }) => uid));
  const wanted = uidsOf(to);
  return new Map(uidsOf(from).map((uid, at) => [uid, wanted[at] ?? 'none']));
}

function kindsOf({ tables }: Host) {
  return Object.entries(tables).filter(([kind]) => kind !== 'snapshots');
}

const NAMES: ReadonlySet<string> = new Set(['revision', 'next_id', 'host']);

/** All of a host as plain data, but for revisions, its name, and the uids of another one in place of its own. */
export function plainAs(host: Host, like: Host): unknown {
  const uids = uidsBetween(host, like);
  const tables = kindsOf(host).map(([kind, records]) => [
    kind,
    [...records.values()].map((record) => (kind === 'hosts' ? { ...record, name: '' } : record)),
  ]);
  const index = [...host.uses_by].flatMap(([field, byValue]) =>
    [...byValue.keys()].map((value) => ({ field, value, ids: [...idsBy(host.uses_by, field, value)] })),
  );
  const beside = {
    entries: Object.fromEntries(
      [...host.entries].map(([id, chunks]) => [id, chunks.map((each) => [...each]).flat()]),
    ),
    extents: Object.fromEntries([...host.extents].map(([id, chunks]) => [id, chunks.flat()])),
    mapped_before: Object.fromEntries([...host.mapped_before].map(([id, pfns]) => [id, [...pfns]])),
    windows: [...host.open_exposures.windows.values()].map(({ id, reached }) => [id, [...reached]]).sort(),
    index: index
      .filter(({ ids }) => ids.length > 0)
      .map((each) => JSON.stringify(each))
      .sort(),
  };
  const text = JSON.stringify({ tables, ...beside }, (name, value: unknown) => (NAMES.has(name) ? 0 : value));
  return JSON.parse(text.replace(/[\w-]+/g, (word) => uids.get(word) ?? word));
}

/** Does one command on two hosts alike, as each names its records; what comes of it on each. */
export function doOnBoth(hosts: readonly [Host, Host], command: Command): readonly [unknown, unknown] {
  const uids = uidsBetween(...hosts);
  const text = JSON.stringify(command).replace(/[\w-]+/g, (word) => uids.get(word) ?? word);
  return [act(hosts[0], command), act(hosts[1], JSON.parse(text) as Command)];
}

let acts = 0;

function act(host: Host, command: Command): unknown {
  acts += 1;
  const decision = decide(host, command, steadyContext(`act${String(acts)}`));
  if (isRefusal(decision)) return decision.code;
  for (const event of decision.events) apply(host, event);
  return decision.events.map(({ type }) => type);
}
