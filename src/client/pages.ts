import type { paths } from './generated_schema.ts';
import { DaxplaneError, type Problem } from './problem.ts';

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

type Get = (
  path: string,
  init: object,
) => Promise<{ readonly data?: unknown; readonly error?: unknown; readonly response: Response }>;

/**
 * The pages of a list, each when it is asked for, by `next_page`; the journal goes on `after` an event. Throws
 * DaxplaneError where a page is refused.
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
    const params = { path: names, query: { ...query, ...place } };
    const answer = await get(path, signal === undefined ? { params } : { params, signal });
    if (answer.data === undefined)
      throw new DaxplaneError(answer.response.status, answer.error as Problem | undefined);
    token = (answer.data as Page).next_page;
    yield answer.data as ListPage<Path>;
  }
}
