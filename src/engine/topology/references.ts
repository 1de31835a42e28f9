import { refuse, type Refusal } from '../model/refusal.ts';
import type { FileName, Topology } from '../model/topology.ts';
import { fileKey } from './names.ts';

/**
 * Refuses a document that names a mount or a file which it does not declare: what stands under that name would end with
 * the PUT, and its users keep it busy meanwhile.
 */
export function refusesUndeclared({
  mounts = [],
  files = [],
  open_files = [],
  mappings = [],
}: Topology): Refusal | null {
  const paths = new Set(mounts.map(({ path }) => path));
  for (const [at, { mount }] of files.entries())
    if (!paths.has(mount))
      return undeclared(`/files/${String(at)}/mount`, `no mount is declared at ${mount}`);
  const names = new Set(files.map(fileKey));
  const lists = { open_files, mappings };
  for (const [list, items] of Object.entries(lists))
    for (const [at, { file }] of items.entries())
      if (isUndeclared(names, file))
        return undeclared(
          `/${list}/${String(at)}/file`,
          `no file ${file!.path} is declared on ${file!.mount}`,
        );
  return null;
}

function isUndeclared(names: ReadonlySet<string>, file: FileName | undefined): boolean {
  return file !== undefined && !names.has(fileKey(file));
}

function undeclared(pointer: string, detail: string): Refusal {
  return refuse('invalid_field', detail, { pointer });
}
