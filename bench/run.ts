import { benchAssessment } from './assessment.ts';
import { benchDeviceSize } from './device_size.ts';
import { benchDurableWrites } from './durable_writes.ts';
import { benchEventLoop } from './event_loop.ts';
import { benchGets } from './gets.ts';
import { benchIntake } from './intake.ts';
import { benchLinearWork } from './linear_work.ts';
import { benchLists } from './lists.ts';

/** `npm run bench`: ratios of measurements side by side in one run. It asserts nothing; all traffic stays on 127.0.0.1. */
await benchDeviceSize();
await benchLinearWork();
await benchEventLoop();
await benchIntake();
await benchLists();
await benchGets();
await benchDurableWrites();
await benchAssessment();
