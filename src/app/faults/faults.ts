import { shareNext } from '../../runtime/share_next.ts';
import type { Store } from '../../store/port.ts';
import type { FaultRule } from '../../service/fault_rule.ts';
import { createDelays, type Delays } from './delays.ts';
import { selects, type MetRequest } from './selects.ts';

/** What is done to requests on purpose. */
export interface Faults extends Pick<Delays, 'delay' | 'waiting'> {
  /** Whether no rule can apply: then nobody is asked. */
  readonly isOff: () => boolean;
  /** The rule that is applied to a request; null where none is. That it is, is stored before anything is done. */
  readonly meet: (request: MetRequest) => Promise<FaultRule | null>;
  readonly start: () => Promise<void>;
  /** Lets those who wait go. */
  readonly close: () => void;
}

/** Rules are in memory, and are read again where one of them was changed; the writer decides which applies. */
export function createFaults(store: Store): Faults {
  const delays = createDelays(store);
  let rules: readonly FaultRule[] = [];
  // How often they were changed, and how often by when they were read.
  let [changed, known] = [0, 0];
  const read = shareNext(async () => {
    const now = changed;
    rules = await store.service.activeFaultRules();
    known = now;
  });
  const unsubscribe = store.onCommit(({ service }) => {
    if (service.includes('fault_rules')) changed += 1;
    // Whatever is committed may have ended a host, and nobody waits but in tests of tools.
    delays.look();
  });
  return {
    isOff: () => rules.length === 0 && known === changed,
    meet: async (request) => {
      if (known !== changed) await read();
      const met = rules.filter(({ selector }) => selects(selector, request)).map(({ id }) => id);
      if (met.length === 0) return null;
      const submitted = await store.service.submit<'meet_fault_rules'>({
        command: { type: 'meet_fault_rules', rules: met },
      });
      // Where nothing can be stored, the request itself will say so.
      return submitted.status === 'done' ? submitted.answer : null;
    },
    delay: delays.delay,
    waiting: delays.waiting,
    start: read,
    close: () => {
      unsubscribe();
      delays.close();
    },
  };
}
