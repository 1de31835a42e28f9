import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { created, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { CreateFile, File, FileIo, fileFilters } from '../schemas/file.ts';
import { Outcome } from '../schemas/outcome.ts';
import { FilePath } from '../schemas/path.ts';

/** /v1/hosts/{host}/files, one file, and file calls on it. */
export function fileRoutes(app: FastifyInstance, backend: Backend): void {
  const files = nounRoutes(app, backend, {
    kind: 'files',
    singular: 'file',
    record: File,
    params: FilePath,
    filters: fileFilters,
    sorts: ['path', 'size'],
  });
  files.create({
    summary: 'Create a file',
    body: CreateFile,
    command: 'create_file',
    fields: ({ body }) => body,
    answer: created(File),
  });
  files.batch({ command: 'create_file', body: CreateFile, fields: (body) => body });
  files.verb({
    id: 'fileIo',
    summary: 'A file call of a process: pread, pwrite or fsync',
    method: 'POST',
    at: 'io',
    body: FileIo,
    command: 'file_io',
    fields: ({ params, body }) => ({ file: params.file, ...body }),
    answer: outcome(Outcome),
  });
  files.verb({
    id: 'deleteFile',
    summary: 'Delete a file: unlink(2)',
    description:
      'No name leads to it; its blocks are free once nobody has it open or maps it. The call may never return (`blocked`). 409 `file_system_not_mounted` without its mount, EIO or EROFS on a dead file system.',
    method: 'DELETE',
    command: 'unlink',
    fields: ({ params }) => ({ file: params.file }),
    answer: outcome(Outcome),
  });
}
