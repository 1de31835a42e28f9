import type { Registry } from 'prom-client';
import type { Backend, Figures } from '../backend.ts';
import { gauge, gaugeBy } from './gauges.ts';

type Status = Awaited<ReturnType<Backend['status']>>;

/** Registers how the store stands; the answer sets it. */
export function measureStore(registry: Registry): (status: Status) => void {
  const wal = gauge(
    registry,
    'daxplane_store_wal_bytes',
    'Bytes of the write-ahead log beside the database.',
  );
  const checkpointed = gauge(
    registry,
    'daxplane_store_last_checkpoint_timestamp_seconds',
    'When the log was last checkpointed completely; 0 for not since the start.',
  );
  const failures = gauge(
    registry,
    'daxplane_store_checkpoint_failures',
    'Checkpoints since the start that failed or left something behind.',
  );
  const degraded = gauge(
    registry,
    'daxplane_store_degraded',
    '1 while checkpoints fail; /readyz has the reason.',
  );
  return ({ wal_bytes, last_checkpoint_at, checkpoint_failures, degraded: why }) => {
    wal(wal_bytes);
    checkpointed(last_checkpoint_at === null ? 0 : Date.parse(last_checkpoint_at) / 1000);
    failures(checkpoint_failures);
    degraded(why === null ? 0 : 1);
  };
}

/** Registers what the threads of the store have to do; the answer sets it. */
export function measureThreads(registry: Registry): (figures: Figures) => void {
  const jobs = gaugeBy(
    registry,
    'daxplane_thread_jobs',
    'Jobs that a thread of the store is at, or that wait for it.',
    'thread',
  );
  return (figures) => jobs(Object.entries(figures.jobs));
}
