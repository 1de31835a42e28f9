import type { Backend } from './backend.ts';

/** A backend for the document alone: no request reaches it. */
export function noBackend(): Backend {
  const never = async (): Promise<never> => {
    throw new Error('this server only describes itself');
  };
  return {
    submit: never,
    submitBatch: never,
    ask: never,
    get: never,
    getText: never,
    getTextByUid: never,
    list: never,
    assess: never,
    countFleetText: never,
    events: never,
    onCommit: () => () => undefined,
    check: never,
    figures: never,
    onBatch: () => () => undefined,
    status: never,
    waitForRemoval: never,
    faults: {
      isOff: () => true,
      meet: never,
      delay: never,
      waiting: () => 0,
      start: never,
      close: () => undefined,
    },
    service: {
      submit: never,
      webhook: never,
      webhooks: never,
      delivery: never,
      deliveries: never,
      webhookTargets: never,
      dueDeliveries: never,
      faultRule: never,
      faultRules: never,
      activeFaultRules: never,
      clock: never,
    },
    importInventory: never,
    exportInventory: never,
  };
}
