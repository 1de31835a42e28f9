import { refuse } from '../../engine/model/refusal.ts';
import { clockState, type HostClock, type ReadClock } from '../../service/fault_rule.ts';
import type { Connection } from '../connection.ts';
import { uidText } from '../uids.ts';
import type { ServiceHandlers } from './context.ts';

type Row = Omit<ReadClock, 'advanced_ms'> & { readonly key: number };

/** Prepares reading the clock of a host: one that nobody has set is real. Null where there is no such host. */
export function prepareClock(db: Connection): (host: string) => Row | null {
  const find = db.prepare<[string], Row>(
    `SELECT h.key, h.id AS host, ${uidText('h')} AS uid, coalesce(c.revision, 1) AS revision,
     coalesce(c.mode, 'real') AS mode, coalesce(c.advanced_ms, 0) AS stopped_advanced_ms,
     coalesce(c.stopped_revision, 1) AS stopped_revision
     FROM hosts AS h LEFT JOIN host_clocks AS c ON c.host = h.key WHERE h.id = ?`,
  );
  return (host) => find.get(host) ?? null;
}

/** A clock as it is shown. */
function clockOf({ host, uid, revision, mode, stopped_advanced_ms }: Row): HostClock {
  return { host, uid, revision, mode, advanced_ms: mode === 'manual' ? stopped_advanced_ms : 0 };
}

/** A clock as those see it who wait by it. */
export function readClockOf(row: Row): ReadClock {
  const { stopped_advanced_ms, stopped_revision } = row;
  return { ...clockOf(row), stopped_advanced_ms, stopped_revision };
}

/** Prepares stopping a clock, putting it forward, and letting it go on. */
export function prepareClocks(db: Connection): ServiceHandlers<'set_clock'> {
  const clock = prepareClock(db);
  const put = db.prepare(`INSERT INTO host_clocks (host, revision, mode, advanced_ms, stopped_revision)
    VALUES (@key, @revision, @mode, @advanced_ms, @stopped_revision) ON CONFLICT (host) DO UPDATE
    SET revision = @revision, mode = @mode, advanced_ms = @advanced_ms, stopped_revision = @stopped_revision`);
  return {
    set_clock: {
      target: ({ host }) => {
        const now = clock(host);
        return now === null ? null : clockState(now);
      },
      handle: ({ host, mode: wanted, advance_ms = 0 }, { changed }) => {
        const now = clock(host);
        if (now === null) return refuse('host_not_found', `there is no host ${host}`);
        const mode = wanted ?? now.mode;
        if (mode === 'real' && advance_ms > 0)
          return refuse('clock_not_manual', `the clock of ${host} is real: nobody puts it forward`);
        const revision = now.revision + 1;
        const stop =
          mode === 'manual' && now.mode === 'real' ? { ...now, ...STOPPED, stopped_revision: revision } : now;
        const advanced_ms = stop.stopped_advanced_ms + advance_ms;
        if (!Number.isSafeInteger(advanced_ms))
          return refuse('out_of_range', 'the clock goes to 2^53-1 ms', { pointer: '/advance_ms' });
        put.run({
          ...{ key: now.key, revision, mode, advanced_ms },
          stopped_revision: stop.stopped_revision,
        });
        changed('clocks');
        return clockOf(clock(host)!);
      },
    },
  };
}

/** Nobody has put it forward yet. */
const STOPPED = { stopped_advanced_ms: 0 } as const;
