import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { serve } from '../support/server.ts';

interface Shown {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly steps: Readonly<Record<string, readonly { readonly parameters: object }[]>>;
  readonly rows: readonly { readonly fact: string; readonly value: unknown }[];
}

const server = serve(beforeAll, afterAll);

test('a kernel shows where a fact is from and in which release it changed', async () => {
  const { json } = await server.call('GET', '/v1/kernels/v6.1');
  expect((json as unknown as Shown).rows).toContainEqual({
    fact: 'memory_failure.ram_already_poisoned',
    value: 'EHWPOISON',
    source: 'memory_failure(), kill_accessing_process(), v6.1 (M58)',
    changed_in: [
      {
        id: '47af12bae17f',
        title: 'mm,hwpoison: return -EHWPOISON to denote that the page has already been poisoned',
        ...{ release: '5.13', within: null, certainty: 'A', backports: [], seen_without: [], note: null },
      },
      {
        id: 'b8b9488d50b7',
        title: 'mm/memory-failure: improve memory failure action_result messages',
        ...{ release: '6.11', within: null, certainty: 'B', backports: [], seen_without: [] },
        note: 'from 6.12.48 on it is not counted a second time',
      },
    ],
  });
});

test.each(KERNEL_NAMES)(
  '%s: a row says what its fact, or the parameter of its step, says',
  async (kernel) => {
    const { json } = await server.call('GET', `/v1/kernels/${kernel}`);
    const { facts, steps, rows } = json as unknown as Shown;
    const parameters = Object.values(steps).flatMap((list) => list.map((step) => step.parameters));
    for (const { fact, value } of rows) {
      const [above, , name] = fact.split('.');
      if (above === 'steps')
        expect(parameters, fact).toContainEqual(expect.objectContaining({ [name!]: value }));
      else expect(facts, fact).toHaveProperty(fact, value);
    }
  },
);
