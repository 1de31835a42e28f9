import { readExemptions } from './exemptions.ts';
import { play } from './play.ts';
import type { Played } from './play.ts';
import type { Recorded } from './recording.ts';
import { playSequence } from './sequence/play.ts';
import { stepsOf } from './sequence/recording.ts';
import type { Call } from './step.ts';

/** How many recordings are played at a time, each on its own host. */
const AT_A_TIME = 16;

const OF_SEQUENCES = new URL('sequence/exemptions.json', import.meta.url);

/** Plays recordings of either kind against one service; the answers come back in the recordings' order. */
export async function playAll(recordings: readonly Recorded[], call: Call): Promise<Played[]> {
  const [exemptions, ofSequences] = [readExemptions(), readExemptions(OF_SEQUENCES)];
  const played: Played[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < recordings.length; n = next++) {
      const recorded = recordings[n];
      if (recorded === undefined) continue;
      played[n] =
        stepsOf(recorded) === null
          ? await play(recorded, call, exemptions)
          : await playSequence(recorded, call, ofSequences);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return played;
}
