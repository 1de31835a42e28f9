import { faultyDecide } from '../runtime/support/faulty_decide.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';
import { openLocalStore } from '../support/local_store.ts';
import { faultRuleContract } from './fault_rule_contract.ts';
import { figuresContract } from './figures_contract.ts';
import { listContract } from './list_contract.ts';
import { preconditionContract } from './precondition_contract.ts';
import { serviceContract } from './service_contract.ts';
import { storeContract } from './store_contract.ts';

const makeHarness = () => {
  const harness = sqliteHarness();
  const { path } = harness;
  return { ...harness, open: () => harness.own(openLocalStore(path, faultyDecide(path))) };
};

storeContract('the SQLite store in one thread', makeHarness);
listContract('the SQLite store in one thread', makeHarness);
figuresContract('the SQLite store in one thread', makeHarness);
preconditionContract('the SQLite store in one thread', makeHarness);
serviceContract('the SQLite store in one thread', makeHarness);
faultRuleContract('the SQLite store in one thread', makeHarness);
