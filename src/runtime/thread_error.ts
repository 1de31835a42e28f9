/** An error as it crosses from one thread to another: structured clone keeps no `code`, and of SqliteError nothing. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  readonly code: string | null;
  readonly cause: PackedError | null;
}

/** Causes kept of one error; a longer chain, or a circle, is cut. */
const CAUSES_MAX = 8;

/** Makes plain data of whatever was thrown, with its causes. */
export function packError(error: unknown, causesLeft = CAUSES_MAX): PackedError {
  const { name, message, stack, code, cause } = fieldsOf(error);
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : String(error),
    stack: typeof stack === 'string' ? stack : null,
    code: typeof code === 'string' ? code : null,
    cause: cause === undefined || causesLeft === 0 ? null : packError(cause, causesLeft - 1),
  };
}

/** The error again, with the name, code, stack and causes that it had in its thread. */
export function unpackError({ name, message, stack, code, cause }: PackedError): Error {
  const error = cause === null ? new Error(message) : new Error(message, { cause: unpackError(cause) });
  if (stack !== null) error.stack = stack;
  return Object.assign(error, { name }, code === null ? {} : { code });
}

function fieldsOf(error: unknown): Readonly<Record<string, unknown>> {
  return typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
}
