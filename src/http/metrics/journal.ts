import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Figures } from '../backend.ts';
import { gauge, gaugeBy } from './gauges.ts';

/** Who reads the journal as it grows. */
export interface JournalReaders {
  /** How many there are. */
  readonly count: number;
  /** Up to where the one that is furthest behind has come; null without any. */
  readonly at: number | null;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Asked whenever the metrics are, by the name of the kind; whoever serves a kind of readers puts itself in. */
    readonly journalReaders: Map<string, () => JournalReaders>;
  }
}

/** Registers what is watched of the journal and of those who read it; the answer sets it. */
export function measureJournal(app: FastifyInstance, registry: Registry): (figures: Figures) => void {
  const all = new Map<string, () => JournalReaders>();
  app.decorate('journalReaders', all);
  const last = gauge(registry, 'daxplane_journal_last_seq', 'The number of the last event.');
  const oldest = gauge(
    registry,
    'daxplane_journal_oldest_seq',
    'The number of the oldest event that is kept.',
  );
  const events = gauge(registry, 'daxplane_journal_events', 'Events that are kept.');
  const readers = gaugeBy(
    registry,
    'daxplane_journal_readers',
    'Who follows the journal, by kind.',
    'reader',
  );
  const lag = gaugeBy(
    registry,
    'daxplane_journal_lag_events',
    'Events by which the slowest of them is behind the last one.',
    'reader',
  );
  return ({ last_seq, oldest_seq, webhooks }) => {
    last(last_seq);
    oldest(oldest_seq);
    events(last_seq === 0 ? 0 : last_seq - oldest_seq + 1);
    const { ok, failing } = webhooks.state;
    const now = [
      ...[...all].map(([name, ask]) => [name, ask()] as const),
      ['webhook', { count: ok + failing, at: webhooks.cursor }] as const,
    ];
    readers(now.map(([name, { count }]) => [name, count]));
    lag(now.map(([name, { at }]) => [name, at === null ? 0 : Math.max(0, last_seq - at)]));
  };
}
