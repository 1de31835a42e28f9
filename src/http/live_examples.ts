import type { FastifyRequest } from 'fastify';
import { isRefusal } from '../engine/model/refusal.ts';
import type { Backend } from './backend.ts';
import { recordTexts } from './list.ts';

/** Resources whose id the service chooses anew in each fleet, by the path parameter that takes it. */
const CHOSEN = {
  removal: 'removals',
  exposure: 'exposures',
  event: 'hotplug_events',
  snapshot: 'snapshots',
} as const;

/** The paths of the explorer's documents: its page and its files name no ids. */
const DOCUMENTS: readonly unknown[] = ['/docs/json', '/docs/yaml'];

/** Examples of path parameters, by the parameter that tells what the path is of. */
type Examples = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * For the explorer: in place of the document's placeholders for chosen ids, the first of each that is there now, so
 * that its example executes. Where there is none the placeholder stays, and executing it says that there is none; where
 * the store cannot be read all stay, for the document can be read without.
 */
export function liveExamples(backend: Backend) {
  const found = new WeakMap<FastifyRequest, Examples>();
  return {
    find: async (request: FastifyRequest): Promise<void> => {
      if (!DOCUMENTS.includes(request.routeOptions.url)) return;
      try {
        found.set(request, await examplesOf(backend));
      } catch (error) {
        request.log.warn({ err: error }, 'the explorer has no examples');
      }
    },
    show: (document: Readonly<Record<string, unknown>>, request: FastifyRequest): Record<string, unknown> => {
      const { paths = {} } = document as { readonly paths?: Paths };
      for (const [parameter, examples] of found.get(request) ?? [])
        for (const [path, operations] of Object.entries(paths))
          if (path.includes(`{${parameter}}`)) Object.values(operations).forEach(put(examples));
      return document;
    },
  };
}

async function examplesOf(backend: Backend): Promise<Examples> {
  const examples = new Map<string, Record<string, string>>();
  for (const [parameter, kind] of Object.entries(CHOSEN)) {
    const page = await backend.list({ kind, filters: {}, limit: 1 });
    const [first] = isRefusal(page) ? [] : recordTexts(page);
    if (first === undefined) continue;
    const { host, uid } = JSON.parse(first) as { readonly host: string; readonly uid: string };
    examples.set(parameter, { host, [parameter]: uid });
  }
  return examples;
}

/** What is read of the document. */
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: { example?: unknown };
  }[];
}

function put(examples: Readonly<Record<string, string>>) {
  return ({ parameters = [] }: Operation): void => {
    for (const { in: place, name, schema } of parameters) {
      const example = examples[name];
      if (place === 'path' && example !== undefined) schema.example = example;
    }
  };
}
