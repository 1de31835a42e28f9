import { RequestValidationError } from 'fastify-zod-openapi';
import type { Fault } from './problem.ts';

const FAULTS_MAX = 50;
const PARTS: Readonly<Record<string, string>> = {
  params: 'path parameter: ',
  querystring: 'query parameter: ',
  headers: 'header: ',
};

/** What a schema says of a request, one fault a member, as JSON pointers (RFC 6901). */
export function faultsOf(validation: readonly unknown[], part: string | undefined): Fault[] {
  const prefix = PARTS[part ?? 'body'] ?? '';
  const faults = validation
    .filter((error) => error instanceof RequestValidationError)
    .flatMap((error) => faultsOfIssue(error));
  // The first thing said of a member is the telling one: what has a wrong type has a wrong length too.
  return faults
    .filter(({ pointer }, at) => faults.findIndex((other) => other.pointer === pointer) === at)
    .slice(0, FAULTS_MAX)
    .map(({ pointer, detail }) => ({ pointer, detail: prefix + detail }));
}

function faultsOfIssue(error: RequestValidationError): Fault[] {
  const { issue } = error.params;
  const at = pointerOf(issue.path);
  if (issue.code !== 'unrecognized_keys') return [{ pointer: at, detail: issue.message }];
  return issue.keys.map((key) => ({ pointer: `${at}${pointerOf([key])}`, detail: 'unknown member' }));
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
