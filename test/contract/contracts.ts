import { faultRuleContract } from './fault_rule_contract.ts';
import { figuresContract } from './figures_contract.ts';
import { listContract } from './list_contract.ts';
import { preconditionContract } from './precondition_contract.ts';
import type { StoreHarness } from './rig.ts';
import { serviceContract } from './service_contract.ts';
import { storeContract } from './store_contract.ts';

/** What a store that is named so has to do: all of it. */
export function everyContract(name: string, makeHarness: () => StoreHarness): void {
  for (const contract of CONTRACTS) contract(name, makeHarness);
}

const CONTRACTS = [
  storeContract,
  listContract,
  figuresContract,
  preconditionContract,
  serviceContract,
  faultRuleContract,
];
