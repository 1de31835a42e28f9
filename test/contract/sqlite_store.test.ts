import { sqliteHarness } from '../store/support/sqlite_harness.ts';
import { faultRuleContract } from './fault_rule_contract.ts';
import { figuresContract } from './figures_contract.ts';
import { listContract } from './list_contract.ts';
import { preconditionContract } from './precondition_contract.ts';
import { serviceContract } from './service_contract.ts';
import { storeContract } from './store_contract.ts';

storeContract('the SQLite store', () => sqliteHarness());
listContract('the SQLite store', () => sqliteHarness());
figuresContract('the SQLite store', () => sqliteHarness());
preconditionContract('the SQLite store', () => sqliteHarness());
serviceContract('the SQLite store', () => sqliteHarness());
faultRuleContract('the SQLite store', () => sqliteHarness());
