import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFaults, type Faults } from '../../src/app/faults/faults.ts';
import type { MetRequest } from '../../src/app/faults/selects.ts';
import type { Store } from '../../src/store/port.ts';
import { openFreshStore } from '../support/local_store.ts';

const REQUEST: MetRequest = {
  ...{ operation: 'listHosts', method: 'GET', path: '/v1/hosts' },
  ...{ host: null, dax_device: null },
};

let store: Store;
let faults: Faults;
/** How often the rules cannot be read from now on. */
let failing: number;
beforeEach(async () => {
  failing = 0;
  store = await openFreshStore();
  const activeFaultRules: Store['service']['activeFaultRules'] = async () => {
    failing -= 1;
    if (failing >= 0) throw new Error('the store cannot be read');
    return store.service.activeFaultRules();
  };
  faults = createFaults({ ...store, service: { ...store.service, activeFaultRules } });
  await faults.start();
  expect(faults.isOff()).toBe(true);
  const action = { kind: 'close', at: 'before_effect' } as const;
  const fields = { description: null, selector: {}, action, remaining: null, probability: 1, seed: 1 };
  await store.service.submit({ command: { type: 'create_fault_rule', fields } });
});
afterEach(async () => {
  faults.close();
  await store.close();
});

test('rules that could not be read when they were changed are read with the next request', async () => {
  failing = 1;
  await expect(faults.meet(REQUEST)).rejects.toThrow('the store cannot be read');
  expect(faults.isOff()).toBe(false);
  expect(await faults.meet(REQUEST)).toMatchObject({ action: { kind: 'close' } });
});

test('requests that come while rules are read meet what was changed before they came', async () => {
  const met = await Promise.all([faults.meet(REQUEST), faults.meet(REQUEST)]);
  expect(met).toMatchObject([{ action: { kind: 'close' } }, { action: { kind: 'close' } }]);
});
