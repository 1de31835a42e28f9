import { afterEach, beforeEach } from 'vitest';
import type { Process } from '../../src/engine/model/host.ts';
import type { ServiceAnswerTo, ServiceCommandOf, ServiceCommandType } from '../../src/service/command.ts';
import type { ServiceSubmission } from '../../src/store/service/port.ts';
import type { ListQuery, Page, Store, Submitted } from '../../src/store/port.ts';
import { listed } from '../support/listed.ts';

/** A store of one kind, empty at first. Its engine has the faults of test/runtime/support/faulty_decide.ts. */
export interface StoreHarness {
  open(): Promise<Store>;
  /** Everything that is stored, as text. */
  dump(): Promise<string>;
  cleanup(): Promise<void>;
}

type More<Type extends ServiceCommandType> = Omit<ServiceSubmission<Type>, 'command'>;

/** An empty store before each test of a contract, and what the contracts do with it alike. */
export function rigOf(makeHarness: () => StoreHarness) {
  // Filled anew before each test: whoever has taken them apart has those of now.
  const [harness, store] = [{} as StoreHarness, {} as Store];
  const open = async (): Promise<void> => {
    Object.assign(store, await harness.open());
  };
  beforeEach(async () => {
    Object.assign(harness, makeHarness());
    await open();
  });
  afterEach(() => harness.cleanup());
  const submitService = <Type extends ServiceCommandType>(
    command: ServiceCommandOf<Type>,
    more: More<Type> = {},
  ) => store.service.submit<Type>({ command, ...more });
  return {
    store,
    dump: () => harness.dump(),
    restart: async (): Promise<void> => {
      await store.close();
      await open();
    },
    createHost: (host = 'node-a'): Promise<Submitted> =>
      store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } }),
    /** A page of processes, where nothing else is asked. */
    list: async (query: Omit<ListQuery, 'filters' | 'kind'> & Partial<ListQuery>): Promise<Page> => {
      const page = await store.list({ kind: 'processes', filters: {}, ...query });
      if ('refused' in page) throw new Error(page.detail);
      return page;
    },
    submitService,
    doneByService: async <Type extends ServiceCommandType>(
      command: ServiceCommandOf<Type>,
      more: More<Type> = {},
    ): Promise<ServiceAnswerTo<Type>> => {
      const submitted = await submitService(command, more);
      if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
      return submitted.answer;
    },
  };
}

/** The pids of a page of processes. */
export function pidsOf(page: Page): number[] {
  return listed<Process>(page).map(({ pid }) => pid);
}
