import { workerData } from 'node:worker_threads';
import type { WriterData } from '../../../src/runtime/message.ts';
import { serveWriter } from '../../../src/runtime/writer_thread.ts';
import { faultyDecide } from './faulty_decide.ts';

/** The writer's thread with faults that are asked for. */
serveWriter(faultyDecide((workerData as WriterData).path));
