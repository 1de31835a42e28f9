import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { hostListRoute } from '../list.ts';
import { created, deleted, mutationRoute, outcome } from '../mutate.ts';
import { loadRecord, readRoute } from '../read.ts';
import { CreateFile, File, FileIo, fileFilters as filters } from '../schemas/file.ts';
import { Outcome } from '../schemas/outcome.ts';
import { FilePath, HostPath } from '../schemas/path.ts';

const tag = 'files';
const url = '/v1/hosts/:host/files';
const target = ({ params }: { params: { file: string } }) => ({ kind: 'files', id: params.file }) as const;

/** /v1/hosts/{host}/files, one file, and file calls on it. */
export function fileRoutes(app: FastifyInstance, backend: Backend): void {
  hostListRoute(app, backend, {
    id: 'listFiles',
    tag,
    summary: 'List files of a host',
    url,
    kind: 'files',
    item: File,
    filters,
  });
  readRoute(app, {
    id: 'getFile',
    tag,
    summary: 'Get a file',
    url: `${url}/:file`,
    params: FilePath,
    schema: File,
    load: ({ host, file }) => loadRecord(backend, 'files', host, file, 'file_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createFile',
    tag,
    summary: 'Create a file',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateFile,
    command: ({ body }) => ({ type: 'create_file', ...body }),
    answer: created(File),
  });
  mutationRoute(app, backend, {
    id: 'fileIo',
    tag,
    summary: 'A file call of a process: pread, pwrite or fsync',
    method: 'POST',
    url: `${url}/:file/io`,
    params: FilePath,
    body: FileIo,
    command: ({ params, body }) => ({ type: 'file_io', file: params.file, ...body }),
    target,
    answer: outcome(Outcome),
  });
  mutationRoute(app, backend, {
    id: 'deleteFile',
    tag,
    summary: 'Delete a file: unlink(2)',
    description:
      'Its blocks are free again. 409 `file_in_use` while it is mapped, `file_system_not_mounted` without its mount, EIO or EROFS on a dead file system.',
    method: 'DELETE',
    url: `${url}/:file`,
    params: FilePath,
    command: ({ params }) => ({ type: 'unlink', file: params.file }),
    target,
    answer: deleted,
  });
}
