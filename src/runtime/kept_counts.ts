import { shareNext } from './share_next.ts';

/** The counts of the fleet as JSON; whole where every device is assessed: then the database alone says what they are. */
export interface CountsText {
  readonly text: string;
  readonly is_whole: boolean;
}

/**
 * Has the counts made once for all who wait for them, and not at all while they are whole and nobody has written since they
 * were asked for. `begin` numbers the state that is read here, as that of SharedRead.
 */
export function keepCounts(
  begin: () => number | null,
  count: () => Promise<CountsText>,
): () => Promise<string> {
  let kept: { readonly state: number; readonly text: string } | null = null;
  const countNow = shareNext(async () => {
    // Before they are made: what is written meanwhile may be in them or not.
    const state = begin();
    const { text, is_whole } = await count();
    kept = is_whole && state !== null ? { state, text } : null;
    return text;
  });
  return async () => {
    const state = begin();
    return kept !== null && kept.state === state ? kept.text : countNow();
  };
}
