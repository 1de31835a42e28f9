import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** RFC 6750, 2.1, and long enough that nobody guesses it. */
const TOKEN = /^(?=.{32,512}$)[\w.~+/-]+=*$/;

/** Who may ask, by what they present. */
export interface Tokens {
  /** The number of a token that is known, else null. It takes as long whichever it is, and of whatever length. */
  readonly find: (presented: string) => number | null;
}

/**
 * Reads a file with a token a line: 32 to 512 of the characters that a bearer token may have. Lines that are empty or
 * begin with `#` say nothing. Throws where there is no token, and at a line that is none; no message has what is in it.
 */
export async function loadTokens(path: string): Promise<Tokens> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`the tokens cannot be read: ${path}`, { cause: error });
  });
  const lines = text.split('\n').map((line) => line.trim());
  const isTold = (line: string): boolean => line !== '' && !line.startsWith('#');
  const wrong = lines.findIndex((line) => isTold(line) && !TOKEN.test(line));
  if (wrong >= 0)
    throw new Error(
      `${path}:${String(wrong + 1)}: a token has 32 to 512 letters, digits and characters of -._~+/`,
    );
  const tokens = lines.filter(isTold);
  if (tokens.length === 0) throw new Error(`${path}: there is no token`);
  return tokensOf(tokens);
}

/** Keeps their digests alone. */
export function tokensOf(tokens: readonly string[]): Tokens {
  const digests = tokens.map(digestOf);
  return {
    find: (presented) => {
      const digest = digestOf(presented);
      // All are compared, whichever is the one.
      return digests.reduce<number | null>(
        (found, known, at) => (timingSafeEqual(known, digest) ? at : found),
        null,
      );
    },
  };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
