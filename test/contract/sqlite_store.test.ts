import { sqliteHarness } from '../store/support/sqlite_harness.ts';
import { storeContract } from './store_contract.ts';

storeContract('the SQLite store', () => sqliteHarness());
