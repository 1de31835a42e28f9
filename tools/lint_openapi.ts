import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Lints both documents with every rule that .spectral.yaml and tools/redocly.yaml turn on: `npm run openapi:lint`. An error
 * fails. A warning fails unless openapi/LINT.md lists it with its reason, and what is listed fails where nothing warns.
 */
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DOCUMENTS = ['openapi/daxplane.json', 'openapi/daxplane-3.0.json'] as const;
const ERROR = 0;

interface Finding {
  readonly rule: string;
  readonly isError: boolean;
  readonly where: string;
  readonly message: string;
}

const listed = new Set(
  [...(await read('openapi/LINT.md')).matchAll(/^\| `(\S+)` \| `(.+?)` \| .+ \|$/gm)].map(
    ([, rule = '', where = '']) => `${rule} ${where}`,
  ),
);
const seen = new Set<string>();
let faults = 0;
for (const document of DOCUMENTS) {
  const parsed = JSON.parse(await read(document)) as object;
  for (const { rule, isError, where, message } of [
    ...(await spectral(document, parsed)),
    ...(await redocly(document)),
  ]) {
    const key = `${rule} ${where}`;
    const isNew = !seen.has(key);
    seen.add(key);
    if (!isError && listed.has(key)) continue;
    faults += 1;
    if (isNew)
      console.log(
        `${document}: ${isError ? 'error' : 'not listed'}: | \`${rule}\` | \`${where}\` | ${message}`,
      );
  }
}
for (const key of listed)
  if (!seen.has(key)) {
    faults += 1;
    console.log(`openapi/LINT.md lists what no linter says: ${key}`);
  }
console.log(`${String(faults)} faults, ${String(listed.size)} warnings with reasons`);
process.exitCode = faults === 0 ? 0 : 1;

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

async function spectral(document: string, parsed: object): Promise<Finding[]> {
  const said = await run('spectral', ['lint', document, '--ruleset', '.spectral.yaml', '-f', 'json']);
  // A line for people comes behind the list.
  const list = JSON.parse(said.slice(said.indexOf('['), said.lastIndexOf(']') + 1)) as readonly {
    readonly code: string;
    readonly severity: number;
    readonly path: readonly (string | number)[];
    readonly message: string;
  }[];
  return list.map(({ code, severity, path, message }) => ({
    rule: code,
    isError: severity === ERROR,
    where: whereIs(parsed, path.map(String)),
    message,
  }));
}

async function redocly(document: string): Promise<Finding[]> {
  const said = await run('redocly', [
    ...['lint', document, '--config', 'tools/redocly.yaml'],
    ...['--format', 'json', '--max-problems', '10000'],
  ]);
  const { problems } = JSON.parse(said) as {
    readonly problems: readonly {
      readonly ruleId: string;
      readonly severity: string;
      readonly message: string;
      readonly location: readonly { readonly pointer?: string }[];
    }[];
  };
  return problems.map(({ ruleId, severity, message, location }) => ({
    rule: ruleId,
    isError: severity === 'error',
    where: location[0]?.pointer ?? '',
    message,
  }));
}

/** A place in a document: of what is a reference, or behind one, the component that it names. */
function whereIs(document: object, path: readonly string[]): string {
  let where = '';
  let node: unknown = document;
  for (const key of path) {
    node = (node as Readonly<Record<string, unknown>> | undefined)?.[key];
    where += `/${key}`;
    const $ref = referenceIn(node);
    if ($ref === undefined) continue;
    where = $ref.slice(1);
    node = where
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>>)[name], document);
  }
  return where;
}

/** The reference that a schema is, or that it has alone, where 3.0 lets nothing stand beside one. */
function referenceIn(node: unknown): string | undefined {
  const { $ref, allOf } = (node ?? {}) as { readonly $ref?: unknown; readonly allOf?: readonly unknown[] };
  if (typeof $ref === 'string') return $ref;
  return Array.isArray(allOf) && allOf.length === 1 ? referenceIn(allOf[0]) : undefined;
}

/** What a linter prints, whatever it ends with. */
async function run(name: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const options = { cwd: ROOT, env, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)(
    join(ROOT, 'node_modules/.bin', name),
    [...args],
    options,
  ).catch((error: unknown) => {
    const failed = error as { readonly stdout?: string; readonly stderr?: string };
    if (failed.stdout === undefined || failed.stdout === '')
      throw new Error(`${name}: ${failed.stderr ?? ''}`, { cause: error });
    return { stdout: failed.stdout };
  });
  return stdout;
}
