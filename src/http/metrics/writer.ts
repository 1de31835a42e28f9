import { Counter, Histogram, type Registry } from 'prom-client';
import type { Backend } from '../backend.ts';
import { gauge } from './gauges.ts';

/** Upper bounds of the buckets, in seconds. */
const SECONDS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** The largest is that of a batch. */
const WORKS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Counts the turns of the writer and what became of removals, as they are told: nothing is asked for it. */
export function measureWriter(registry: Registry, backend: Pick<Backend, 'onBatch' | 'onCommit'>): void {
  const registers = [registry];
  const works = new Histogram({
    name: 'daxplane_writer_batch_works',
    help: 'Commands and questions that were committed together.',
    buckets: WORKS,
    registers,
  });
  const turns = new Histogram({
    name: 'daxplane_writer_turn_seconds',
    help: 'Time from the begin of a batch to the end of its commit.',
    buckets: SECONDS,
    registers,
  });
  const commits = new Histogram({
    name: 'daxplane_writer_commit_seconds',
    help: 'Time of the COMMIT of a batch alone.',
    buckets: SECONDS,
    registers,
  });
  const hosts = gauge(
    registry,
    'daxplane_writer_cached_hosts',
    'Hosts of which the writer has something in memory.',
  );
  const bytes = gauge(registry, 'daxplane_writer_cached_bytes', 'What it has of them, as it is estimated.');
  backend.onBatch((batch) => {
    works.observe(batch.works);
    turns.observe(batch.turn_ms / 1000);
    commits.observe(batch.commit_ms / 1000);
    hosts(batch.cached_hosts);
    bytes(batch.cached_bytes);
  });
  countRemovals(registry, backend);
}

function countRemovals(registry: Registry, backend: Pick<Backend, 'onCommit'>): void {
  const begun = new Counter({
    name: 'daxplane_removals_begun_total',
    help: 'Removals that began since the start of the service.',
    registers: [registry],
  });
  const ended = new Counter({
    name: 'daxplane_removals_ended_total',
    help: 'Removals that ended since then, or never will.',
    labelNames: ['state'],
    registers: [registry],
  });
  for (const state of ['completed', 'stuck'] as const) ended.inc({ state }, 0);
  backend.onCommit(({ removals }) => {
    for (const { state, before } of removals) {
      if (before === null && state !== null) begun.inc();
      if (state !== before && (state === 'completed' || state === 'stuck')) ended.inc({ state });
    }
  });
}
