const WAIT_SECONDS_MAX = 60;

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 60; null where it is absent. Other preferences are ignored. */
export function waitOf(header: string | string[] | undefined): number | null {
  const preferences = [header ?? []].flat().flatMap((line) => line.split(/[,;]/));
  for (const preference of preferences) {
    const [, digits] = /^\s*wait\s*=\s*"?([0-9]{1,9})"?\s*$/i.exec(preference) ?? [];
    if (digits !== undefined) return Math.min(Number(digits), WAIT_SECONDS_MAX);
  }
  return null;
}
