/** The writer's thread as production runs it: the engine decides. Started by spawn_thread.ts. */
import { decideAtOnce } from '../engine/decide.ts';
import { serveWriter } from './writer_thread.ts';

serveWriter(decideAtOnce);
