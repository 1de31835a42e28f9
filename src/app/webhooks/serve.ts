import { definedOnly } from '../../engine/model/defined_only.ts';
import type { Log } from '../../runtime/log.ts';
import { DISABLE_DAYS } from '../../service/webhook.ts';
import type { ServiceStore, Store } from '../../store/port.ts';
import { packageVersion } from '../package_version.ts';
import { realClock, type Clock } from './clock.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { guardTargets } from './guard_targets.ts';
import type { Concurrency } from './places.ts';
import { SCHEDULE_MS } from './schedule.ts';
import { createSender, type SenderOptions } from './send.ts';
import { allowTargets } from './targets.ts';

/** How webhooks are served; what is absent is as an operator finds it. */
export interface WebhookOptions extends Omit<SenderOptions, 'targets'> {
  /** Names, addresses and CIDRs beside public addresses that messages may be sent to. */
  readonly targets: readonly string[];
  /** Days of nothing but failures after which a webhook is disabled. */
  readonly disable_days: number;
  readonly clock: Clock;
  readonly schedule_ms: readonly number[];
  readonly random: () => number;
  readonly concurrency: Concurrency;
}

const DAY_MS = 86_400_000;

/** Serves webhooks over a store: what is asked of them, and who sends. */
export function serveWebhooks(
  store: Store,
  log: Log,
  options: Partial<WebhookOptions>,
): { readonly service: ServiceStore; readonly dispatcher: Dispatcher } {
  const { disable_days = DISABLE_DAYS, clock = realClock, concurrency } = options;
  const { schedule_ms = SCHEDULE_MS, random = Math.random, timeout_ms, resolve } = options;
  const targets = allowTargets(options.targets ?? []);
  const send = createSender({ targets, ...definedOnly({ timeout_ms, resolve }) });
  const dispatcher = createDispatcher({
    ...{ store, log, clock, send, retries: { schedule_ms, random } },
    disable_after_ms: disable_days * DAY_MS,
    user_agent: `daxplane/${packageVersion()}`,
    ...definedOnly({ concurrency }),
  });
  return { service: guardTargets(store.service, targets), dispatcher };
}
