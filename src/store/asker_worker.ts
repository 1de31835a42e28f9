import { parentPort, workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { prepareAsk } from './asker.ts';
import { openReadConnection } from './connection.ts';
import type { Submission } from './port.ts';

/** The thread that answers long questions about one host, over a connection of its own that only reads. Started by sqlite.ts. */
const port = parentPort;
if (port === null) throw new Error('asker_worker.ts is the first file of a thread');
const db = openReadConnection(workerData as string);
const ask = prepareAsk(db, () => ({ now: new Date().toISOString(), uid: () => v7() }));
port.on('message', (submission: Submission) => port.postMessage(ask(submission)));
