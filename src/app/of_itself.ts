import type { Origin } from '../store/port.ts';

/** Of what the service does without a request: the demo's fleet, a removal that nobody knows who began. */
export const OF_ITSELF: Origin = { request_id: null, traceparent: null, actor: 'daxplane' };
