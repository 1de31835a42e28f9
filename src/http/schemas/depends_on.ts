import * as z from 'zod';
import { ACCESS_RESULTS } from '../../engine/model/vocabulary.ts';
import type * as engine from '../../engine/model/depends_on.ts';
import { Errno, HazardKind, RefusalCode, RemovalState, Verdict } from './word.ts';

const DependsOnValue = z
  .strictObject({
    value: z.string().meta({ description: 'What the fact then is.' }),
    state: RemovalState.nullable().exactOptional(),
    verdict: Verdict.nullable().exactOptional(),
    hazards: z.array(HazardKind).exactOptional(),
    result: z.enum([...ACCESS_RESULTS, 'undetermined']).exactOptional(),
    errno: Errno.nullable().exactOptional(),
    signal: z.string().nullable().exactOptional(),
    kernel_oopses: z.array(z.string()).exactOptional(),
    triggered_by: z.array(z.string()).exactOptional().meta({
      description: 'What sets off an oops, or a livelock, at an entry that is left.',
    }),
    refused: RefusalCode.exactOptional().meta({ description: 'Why nothing would be done at all.' }),
    differs: z.array(z.string()).exactOptional().meta({
      description:
        'JSON pointers to what is another with another value: into the answer, or the removal, that says it, else members of what would be stored, behind its kind and id; the first 10.',
    }),
  })
  .meta({ id: 'DependsOnValue', description: 'What comes of one value, as far as it can be told.' });

const DependsOnFact = z
  .strictObject({
    change: z.string().meta({ description: 'What the kernel has or has not: a commit, or a word for it.' }),
    fact: z.string().meta({ description: 'Its path, as GET /v1/hosts/{host}/kernel has it.' }),
    facts: z.array(z.string()).meta({ description: 'All that changes with it.' }),
    probes: z.array(z.string()).meta({
      description:
        'What of the host would settle it, and was not told yet; none where no probe that is known does.',
    }),
    values: z.array(DependsOnValue),
  })
  .meta({ id: 'DependsOn', description: 'A fact that is not known of the kernel, and what hangs on it.' });

/** What an answer depends on. */
export const DependsOn = z.array(DependsOnFact) satisfies z.ZodType<readonly engine.DependsOn[]>;

/** What stands beside the members of an answer that are shown without their `heads`: pointers lose them, too. */
export function withoutHeads(
  { depends_on }: engine.Dependent,
  ...heads: readonly string[]
): engine.Dependent {
  if (depends_on === undefined) return {};
  const shown = (pointer: string): string => {
    const head = heads.find((each) => pointer.startsWith(`${each}/`)) ?? '';
    return pointer.slice(head.length);
  };
  return {
    depends_on: depends_on.map((each) => ({
      ...each,
      values: each.values.map(({ differs, ...value }) => ({
        ...value,
        ...(differs === undefined ? {} : { differs: differs.map(shown) }),
      })),
    })),
  };
}

/** Beside an answer; absent where nothing in it depends on an unknown fact. */
export const dependent = {
  depends_on: DependsOn.exactOptional().meta({
    description: 'What of this depends on facts that are not known of the kernel; absent where nothing does.',
  }),
};
