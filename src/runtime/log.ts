/** What is needed of a logger; pino's is one. Fields first, constant messages, one line a change of state. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
