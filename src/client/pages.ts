import type { paths } from './generated_schema.ts';
import { DaxplaneError, type Problem } from './problem.ts';
import { goneBehind } from './resync.ts';

/** What a list answers. */
interface Page {
  readonly items: readonly unknown[];
  readonly next_page: string | null;
}

/** The answer of a GET, where it is a page. */
type PageOf<Operation> = Operation extends {
  responses: { 200: { content: { 'application/json': infer Answer } } };
}
  ? Answer extends Page
    ? Answer
    : never
  : never;

/** The paths of lists. */
export type ListPath = {
  [Path in keyof paths]: paths[Path] extends { get: infer Get }
    ? [PageOf<Get>] extends [never]
      ? never
      : Path
    : never;
}[keyof paths];

/** A page of that list: its items, and what stands beside them. */
export type ListPage<Path extends ListPath> = paths[Path] extends { get: infer Get } ? PageOf<Get> : never;

type Query<Parameters> = Parameters extends { query?: infer Asked }
  ? { readonly query?: Omit<NonNullable<Asked>, 'page_token'> }
  : object;
type Names<Parameters> = Parameters extends { path: infer Path } ? { readonly path: Path } : object;

/** The names in the path of that list and its filters; where a page begins is said by pages(). */
export type ListParams<Path extends ListPath> = paths[Path] extends { get: { parameters: infer Parameters } }
  ? Names<Parameters> & Query<Parameters>
  : never;

/** As openapi-fetch gives it. */
interface Answer {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

type Get = (path: string, init: object) => Promise<Answer>;

/**
 * The pages of a list, each when it is asked for, by `next_page`; the journal goes on `after` an event. Throws
 * DaxplaneError where a page is refused, and ResyncError where the journal does not go back to its place.
 */
export async function* pagesOf<Path extends ListPath>(
  get: Get,
  path: Path,
  { path: names, query }: { readonly path?: unknown; readonly query?: object } = {},
  signal?: AbortSignal,
): AsyncGenerator<ListPage<Path>, void, undefined> {
  const next = path === '/v1/events' ? 'after' : 'page_token';
  let token: string | null | undefined;
  while (token !== null) {
    const place = token === undefined ? {} : { [next]: token };
    const asked: Readonly<Record<string, unknown>> = { ...query, ...place };
    const params = { path: names, query: asked };
    const answer = await get(path, signal === undefined ? { params } : { params, signal });
    if (answer.data === undefined) throw refused(answer, asked[next]);
    token = (answer.data as Page).next_page;
    yield answer.data as ListPage<Path>;
  }
}

function refused({ response: { status }, error }: Answer, place: unknown): Error {
  const problem = error as Problem | undefined;
  return status === 410 ? goneBehind(place, problem) : new DaxplaneError(status, problem);
}
