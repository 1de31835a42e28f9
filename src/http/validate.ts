import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { pointerOf } from './pointer.ts';
import { HttpProblem, type Fault } from './problem.ts';
import { elsewhere } from './schemas/elsewhere.ts';

const FAULTS_MAX = 50;
const PARTS: Readonly<Record<string, string>> = {
  params: 'path parameter: ',
  querystring: 'query parameter: ',
};

type Compiler = Parameters<FastifyInstance['setValidatorCompiler']>[0];

/** Zod's own parse of each part of a request; what it refuses is `invalid_request`. */
export function validatorOf({ schema, httpPart }: Parameters<Compiler>[0]): ReturnType<Compiler> {
  // Header fields are read by name where they matter: their schema is for the document.
  if (httpPart === 'headers' || !(schema instanceof z.ZodType)) return () => true;
  if (httpPart === 'params' && takesAnyText(schema)) return () => true;
  const prefix = PARTS[httpPart ?? ''] ?? '';
  const empty = httpPart === 'querystring' ? schema.safeParse({}) : null;
  return (given: unknown) => {
    // What no query comes to is known beforehand.
    if (empty?.success === true && isEmpty(given)) return { value: empty.data };
    // Fastify's word for no body is null; to a schema what is absent is undefined.
    const parsed = schema.safeParse(given ?? undefined);
    if (parsed.success) return { value: parsed.data };
    const errors = faultsOf(parsed.error.issues, given, elsewhere.get(schema) ?? {}, prefix);
    const [first] = errors;
    const detail =
      first === undefined ? 'the request is invalid' : `${first.pointer || 'the body'}: ${first.detail}`;
    return { error: new HttpProblem('invalid_request', detail, { errors }) };
  };
}

/** Whether a path has nothing that could be wrong: the router gives each of its parameters as a text, and no others. */
function takesAnyText(schema: z.ZodType): boolean {
  return schema instanceof z.ZodObject && Object.values(schema.shape).every(isAnyText);
}

function isAnyText(schema: unknown): boolean {
  return schema instanceof z.ZodString && (schema.def.checks ?? []).length === 0;
}

function isEmpty(given: unknown): boolean {
  for (const _name in given as object) return false;
  return true;
}

/**
 * What a schema says of a request as JSON pointers, the first 50 members at fault. The first thing said of a member is
 * the telling one: what has a wrong type has a wrong length too.
 */
function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  given: unknown,
  ways: Readonly<Record<string, string>>,
  prefix: string,
): Fault[] {
  const faults = new Map<string, string>();
  for (const [path, detail] of said(issues, given, ways, prefix !== '')) {
    const pointer = pointerOf(path);
    if (!faults.has(pointer)) faults.set(pointer, prefix + detail);
    if (faults.size === FAULTS_MAX) break;
  }
  return [...faults].map(([pointer, detail]) => ({ pointer, detail }));
}

/** Path and detail, one at a time: whoever has enough stops asking. */
function* said(
  issues: readonly z.core.$ZodIssue[],
  given: unknown,
  ways: Readonly<Record<string, string>>,
  isParameter: boolean,
): Generator<readonly [readonly PropertyKey[], string]> {
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys')
      yield [issue.path, detailOf(issue, valueAt(given, issue.path), isParameter)];
    else {
      for (const key of issue.keys) {
        const way = issue.path.length === 0 && Object.hasOwn(ways, key) ? ways[key] : undefined;
        yield [[...issue.path, key], way ?? 'unknown member'];
      }
    }
  }
}

function detailOf(issue: z.core.$ZodIssue, value: unknown, isParameter: boolean): string {
  if (issue.code === 'custom') return issue.message;
  if (isParameter && Array.isArray(value) && issue.code === 'invalid_type') return 'is given more than once';
  const words = wordsOf(issue);
  if (value === undefined) return words === '' ? 'is required' : `is required: one of ${words}`;
  const isDefault =
    issue.code === 'invalid_union' ? issue.message === 'Invalid input' : issue.code === 'invalid_value';
  if (words !== '' && isDefault) return `expected one of ${words}`;
  return issue.message;
}

/** The words that an enum takes; of a union those of its first enum: what is taken beside it is a former name. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map((word) => JSON.stringify(word)).join(', ');
  if (issue.code !== 'invalid_union') return '';
  const branches = issue.errors.map(([first]) => (first === undefined ? '' : wordsOf(first)));
  return branches.find((words) => words !== '') ?? '';
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    given ?? undefined,
  );
}
