/** What the application needs of a logger; pino's is one. Fields first, constant messages. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
