// What the compiled service finds beside its folder, for that of the benchmarks.
import { cpSync } from 'node:fs';

for (const folder of ['migrations', 'docs', 'openapi'])
  cpSync(folder, `dist-bench/${folder}`, { recursive: true });
