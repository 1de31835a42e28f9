import { sqliteHarness } from '../store/support/sqlite_harness.ts';
import { everyContract } from './contracts.ts';

everyContract('the SQLite store', () => sqliteHarness());
