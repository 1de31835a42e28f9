import { parentPort, workerData } from 'node:worker_threads';
import type { Decide } from '../store/transact.ts';
import { handedOver } from './hand_over.ts';
import type { FromWriter, WriterData } from './message.ts';
import { startWriter } from './start_writer.ts';
import { packError } from './thread_error.ts';

/** Runs the writer in this thread until it is told to close. Why it cannot start is reported, too. */
export function serveWriter(decide: Decide): void {
  const port = parentPort;
  if (port === null) throw new Error('the writer runs in a thread of its own');
  const tell = (message: FromWriter): void => port.postMessage(message, answersIn(message));
  try {
    const data = workerData as WriterData;
    port.on('message', startWriter({ data, decide, tell, ended: () => port.close() }));
  } catch (error) {
    tell({ type: 'fatal', error: packError(error) });
  }
}

/** The packed answers of a commit: they are handed over. */
function answersIn(message: FromWriter): ArrayBuffer[] {
  if (message.type !== 'committed') return [];
  return message.settled.flatMap((settled) => ('submitted' in settled ? handedOver(settled.submitted) : []));
}
