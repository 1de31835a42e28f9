/** Milliseconds since 1970 in RFC 3339. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
