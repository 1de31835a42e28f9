/** Why nothing can be stored now. Nothing of the request is stored, and the process goes on. */
export interface Unavailable {
  readonly unavailable: true;
  readonly code: UnavailableCode;
  /** What is the matter, with which file, and what helps. */
  readonly detail: string;
  readonly retry_after_s: number;
}

/** Codes of problems of which nothing is stored. */
export type UnavailableCode =
  | 'store_busy'
  | 'store_full'
  | 'store_read_only'
  | 'store_not_ours'
  | 'host_busy';

/** The store's file cannot be served: what is the matter, which file, and the remedy. `code` is SQLite's or the system's. */
export class StoreFault extends Error {
  readonly code: string;

  constructor(what: string, { code, cause }: { readonly code: string; readonly cause?: unknown }) {
    super(what, cause === undefined ? undefined : { cause });
    this.name = 'StoreFault';
    this.code = code;
  }
}

interface Kind {
  /** A code of SQLite or of the system begins like this. */
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  /** Absent: it is not known what is stored, or the file is not to be trusted, and the process has to stop. */
  readonly refused?: Pick<Unavailable, 'code' | 'retry_after_s'>;
}

/** The first that fits. SQLite rolls back by itself, or lets us, wherever `refused` is given. */
const KINDS: readonly Kind[] = [
  {
    code: 'SQLITE_BUSY',
    what: 'another program holds the write lock of',
    remedy: "let it finish, or end it: a backup, an operator's sqlite3",
    refused: { code: 'store_busy', retry_after_s: 1 },
  },
  {
    code: 'SQLITE_FULL',
    what: 'there is no room left on the disk of',
    remedy: 'free space there',
    refused: { code: 'store_full', retry_after_s: 30 },
  },
  {
    code: 'SQLITE_READONLY',
    what: 'this process may not write to',
    remedy: 'make the file and its folder writable for its user, or mount the disk for writing',
    refused: { code: 'store_read_only', retry_after_s: 60 },
  },
  {
    code: 'SQLITE_IOERR',
    what: 'the disk failed under',
    remedy: 'see the log of the kernel, and start again on a sound disk',
  },
  {
    code: 'SQLITE_CORRUPT',
    what: 'there is damage in',
    remedy: 'put a backup in its place, without the old -wal and -shm; what sqlite3 .recover saves may help',
  },
  {
    code: 'SQLITE_NOTADB',
    what: 'there is no SQLite database in',
    remedy: 'set DAXPLANE_DB to another path, or move the file away',
  },
  {
    code: 'SQLITE_CANTOPEN',
    what: 'this process cannot open',
    remedy: 'see that its folder is there and that its user may read and write in it',
  },
  { code: 'SQLITE_NOMEM', what: 'memory ran out while using', remedy: 'give the process more memory' },
  {
    code: 'E',
    what: 'the system refuses',
    remedy: 'see that the path is right and that the user of this process may read and write there',
  },
];

/** Puts what, where and the remedy around an error of SQLite or the system; anything else is a bug and stays as it is. */
export function describeFault(error: unknown, path: string): Error {
  if (error instanceof StoreFault) return error;
  const kind = kindOf(error);
  if (kind === undefined) return error instanceof Error ? error : new Error(String(error));
  const code = codeOf(error);
  return new StoreFault(`${kind.what} ${path} (${code}); ${kind.remedy}`, { code, cause: error });
}

/** What to answer where the fault leaves everything as it was; null where the process has to stop. */
export function unavailableFor(error: unknown, path: string): Unavailable | null {
  const refused = kindOf(error)?.refused;
  if (refused === undefined) return null;
  return { unavailable: true, ...refused, detail: describeFault(error, path).message };
}

/** Whether the world failed, not a command. */
export function isWorldFault(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_') && kindOf(error) !== undefined;
}

function kindOf(error: unknown): Kind | undefined {
  return KINDS.find(({ code }) => codeOf(error).startsWith(code));
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(SQLITE_[A-Z_]+|E[A-Z]+)$/.test(code) ? code : '';
}
