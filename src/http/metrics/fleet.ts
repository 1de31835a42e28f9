import type { Registry } from 'prom-client';
import type { Figures } from '../backend.ts';
import { gauge, gaugeBy, gaugeByTwo } from './gauges.ts';

/** Registers what is watched of the fleet; the answer sets it, at `now_ms`. */
export function measureFleet(registry: Registry): (figures: Figures, now_ms: number) => void {
  const hosts = gaugeBy(registry, 'daxplane_hosts', 'Hosts, by health.', 'health');
  const devices = gaugeBy(registry, 'daxplane_dax_devices', 'DAX devices, by state.', 'state');
  const removals = gaugeByTwo(
    registry,
    'daxplane_removals',
    'Removals that are kept, by state and verdict: those that wait or are stuck are among them until they end; none: not yet.',
    ['state', 'verdict'],
  );
  const waiting = gauge(
    registry,
    'daxplane_removals_waiting_oldest_seconds',
    'For how many seconds the oldest removal that waits is under way; 0 where none waits.',
  );
  const leaked = gauge(
    registry,
    'daxplane_leaked_bytes',
    'Memory that removals left behind as System RAM, until their hosts reboot.',
  );
  const exposures = measureExposures(registry);
  return (figures, now_ms) => {
    hosts(Object.entries(figures.hosts));
    devices(Object.entries(figures.dax_devices));
    removals(figures.removals);
    const { oldest_waiting_ms } = figures;
    waiting(oldest_waiting_ms === null ? 0 : Math.max(0, now_ms - oldest_waiting_ms) / 1000);
    leaked(figures.leaked_bytes);
    exposures(figures);
  };
}

/** By tenant of those with the most: how many series there are does not grow with the tenants. */
function measureExposures(registry: Registry): (figures: Figures) => void {
  const open = gauge(registry, 'daxplane_exposures_open', "Open windows onto another owner's pfns.");
  const byTenant = gaugeBy(
    registry,
    'daxplane_exposures_open_by_tenant',
    'The same by the tenant who reaches, of the 20 with the most; an empty name is nobody.',
    'tenant',
  );
  const others = gauge(
    registry,
    'daxplane_exposures_open_of_other_tenants',
    'The same of all other tenants together.',
  );
  return ({ open_exposures, open_exposures_of }) => {
    open(open_exposures);
    byTenant(open_exposures_of.map((row) => [row.tenant ?? '', row.open_exposures]));
    others(open_exposures_of.reduce((left, row) => left - row.open_exposures, open_exposures));
  };
}
