import { readFileSync } from 'node:fs';

/** Observations, by the pattern of their name, that no request of the API can show, and why. */
export interface Exemption {
  readonly observation: string;
  readonly reason: string;
}

export function readExemptions(file = new URL('exemptions.json', import.meta.url)): readonly Exemption[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Exemption[];
}

/** The reason why an observation of this name is exempt, or null. */
export function exemptionOf(exemptions: readonly Exemption[], name: string): string | null {
  return exemptions.find(({ observation }) => new RegExp(`^(?:${observation})$`).test(name))?.reason ?? null;
}
