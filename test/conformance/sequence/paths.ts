import { hostPath } from '../step.ts';
import type { Body } from '../step.ts';
import type { Stage } from './stage.ts';

/** What is mounted at a path, by now; null: nothing. */
export async function mountAt(stage: Stage, path: string): Promise<Body | null> {
  const mounts = await listOf(stage, '/mounts?limit=200');
  return mounts.filter((mount) => mount.path === path && mount.state === 'mounted').at(-1) ?? null;
}

/** The file at a path of what is mounted by now; null: there is none. */
export async function fileAt(stage: Stage, path: string): Promise<Body | null> {
  const { folder, name } = split(path);
  const mount = await mountAt(stage, folder);
  if (mount === null) return null;
  const files = await listOf(stage, '/files?limit=200');
  return (
    files.find(
      (file) => file.file_system === mount.file_system && file.path === `/${name}` && file.state === 'linked',
    ) ?? null
  );
}

/** `/mnt/a/f`: what is mounted at `/mnt/a`, and `f` in it. */
export function split(path: string): { readonly folder: string; readonly name: string } {
  const at = path.lastIndexOf('/');
  return { folder: path.slice(0, at), name: path.slice(at + 1) };
}

export function isNode(path: string): boolean {
  return path.startsWith('/dev/');
}

export async function listOf(stage: Stage, path: string): Promise<readonly Body[]> {
  const { body } = await stage.call('GET', hostPath(stage, path));
  return (body.items ?? []) as Body[];
}
