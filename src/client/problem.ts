import type { components } from './generated_schema.ts';

/** A problem document, as every error of the service is answered. */
export type Problem = components['schemas']['Problem'];

/** An answer that is a no: its status, and the problem document if there is one. */
export class DaxplaneError extends Error {
  override readonly name = 'DaxplaneError';
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(status: number, problem: Problem | undefined) {
    super(problem === undefined ? `the service answered ${String(status)}` : problem.detail);
    this.status = status;
    this.problem = problem;
  }
}

/** The problem of an answer; undefined where its body is none, as one of a proxy, or is cut off. */
export async function problemIn(response: Response): Promise<Problem | undefined> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/problem+json')) return undefined;
  return (await response.json().catch(() => undefined)) as Problem | undefined;
}
