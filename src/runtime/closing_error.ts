/** Something was asked of a store, or of a thread, that is being closed: no fault of anybody. */
export class ClosingError extends Error {
  /** Known to the error handler of HTTP, which knows no class of the store. */
  readonly code = 'DAXPLANE_CLOSING';

  constructor(about: string) {
    super(`${about} is closed`);
    this.name = 'ClosingError';
  }
}
