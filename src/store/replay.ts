import { applyForGood, emptyHost } from '../engine/model/apply.ts';
import type { Host } from '../engine/model/host.ts';
import { changeOf } from './change_text.ts';
import type { Connection } from './connection.ts';
import { NAME_KEY } from './journal.ts';
import { prepareMembers } from './shapes.ts';

/** Prepares making a host of its events alone. */
export function prepareReplay(db: Connection): (name: string) => Host {
  const members = prepareMembers(db);
  const changes = db
    .prepare<[string], string>(`SELECT changes FROM events WHERE host = ${NAME_KEY} ORDER BY seq`)
    .pluck();
  return (name) => {
    const host = emptyHost();
    for (const text of changes.iterate(name)) {
      for (const change of JSON.parse(text) as Parameters<typeof changeOf>[0][])
        applyForGood(host, changeOf(change, name, host, members));
    }
    return host;
  };
}
