import { faultyDecide } from '../runtime/support/faulty_decide.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';
import { openLocalStore } from '../support/local_store.ts';
import { everyContract } from './contracts.ts';

everyContract('the SQLite store in one thread', () => {
  const harness = sqliteHarness();
  const { path } = harness;
  return { ...harness, open: () => harness.own(openLocalStore(path, faultyDecide(path))) };
});
