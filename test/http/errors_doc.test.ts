import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { refuse } from '../../src/engine/model/refusal.ts';
import { REFUSAL_CODES, type RefusalCode } from '../../src/engine/model/refusal_codes.ts';
import {
  HTTP_PROBLEMS,
  HttpProblem,
  RefusalProblem,
  renderProblem,
  type HttpProblemCode,
} from '../../src/http/problem.ts';
import { Problem } from '../../src/http/schemas/problem.ts';

const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)].map(
  ([, code, status]) => [code, Number(status)],
);

test('docs/errors.md lists every code with its status, and no other', () => {
  const refusals = (Object.keys(REFUSAL_CODES) as RefusalCode[]).map(
    (code) => new RefusalProblem(refuse(code, 'why')),
  );
  const ours = (Object.keys(HTTP_PROBLEMS) as HttpProblemCode[]).map((code) => new HttpProblem(code, 'why'));
  const actual = [...refusals, ...ours].map((problem) => renderProblem(problem, '/v1/hosts', 'r-1').body);
  for (const body of actual) Problem.parse(body);
  expect(documented.toSorted()).toEqual(actual.map(({ code, status }) => [code, status]).toSorted());
});

test("a problem shows the kernel's errno, also where it is null, and only where there is one", () => {
  const of = (more: Parameters<typeof refuse>[2]) =>
    renderProblem(new RefusalProblem(refuse('tool_refused', 'why', more)), '/', '').body;
  expect(of({ errno: 'EBUSY' })).toMatchObject({ errno: 'EBUSY' });
  expect(of({ errno: null })).toMatchObject({ errno: null });
  expect(of({})).not.toHaveProperty('errno');
});
