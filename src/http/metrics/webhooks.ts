import type { Registry } from 'prom-client';
import type { Figures } from '../backend.ts';
import { gauge, gaugeBy } from './gauges.ts';

/** Registers what is watched of webhooks; the answer sets it, at `now_ms`. */
export function measureWebhooks(registry: Registry): (figures: Figures, now_ms: number) => void {
  const states = gaugeBy(
    registry,
    'daxplane_webhooks',
    'Webhooks; failing: enabled, and no attempt has succeeded since one failed.',
    'state',
  );
  const oldest = gauge(
    registry,
    'daxplane_webhooks_failing_oldest_seconds',
    'For how many seconds the one that has failed for longest does; 0 where none does.',
  );
  const deliveries = gaugeBy(
    registry,
    'daxplane_webhook_deliveries',
    'Deliveries of the webhooks that there are, since these were created, by what became of them.',
    'state',
  );
  return ({ webhooks: { state, failing_since_ms, deliveries: made } }, now_ms) => {
    states(Object.entries(state));
    oldest(failing_since_ms === null ? 0 : Math.max(0, now_ms - failing_since_ms) / 1000);
    deliveries(Object.entries(made));
  };
}
