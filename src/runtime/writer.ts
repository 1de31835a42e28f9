/** The writer's thread as production runs it: the engine decides. Started by spawn_thread.ts. */
import { decide } from '../engine/decide.ts';
import { serveWriter } from './writer_thread.ts';

serveWriter(decide);
