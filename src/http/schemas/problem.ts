import * as z from 'zod';
import { DependsOn } from './depends_on.ts';
import { Count } from './scalar.ts';

/** RFC 9457 problem document: the body of every error. */
export const Problem = z
  .strictObject({
    type: z
      .string()
      .meta({ description: 'Relative reference to the page that says what it means and what to do.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string().meta({ description: 'Path of the request.' }),
    code: z.string().meta({ description: 'Stable, listed at /errors.' }),
    errno: z.string().nullable().exactOptional().meta({
      description: "Where the no is the kernel's or a tool's: the errno it gives; null where it gives none.",
    }),
    possible: z
      .array(z.strictObject({ outcome: z.string(), when: z.string() }))
      .exactOptional()
      .meta({
        description: 'Where chance decides in the kernel: what may come of it, an errno or a word, and when.',
      }),
    depends_on: DependsOn.exactOptional().meta({
      description:
        'Of `undetermined`, and of a refusal of which the words differ: the facts that are not known of the kernel, and what each value leads to.',
    }),
    oldest_seq: Count.exactOptional().meta({
      description: 'Of `events_gone`: seq of the oldest event that the journal keeps.',
    }),
    errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).meta({
      description:
        'Which members of the body (itself: an empty pointer), parameters or header fields of the request are at fault, as JSON pointers.',
    }),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document.' });
