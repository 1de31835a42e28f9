// What the compiled service finds beside its folder, for that of the benchmarks.
import { cpSync } from 'node:fs';

for (const name of ['migrations', 'docs', 'openapi', 'package.json'])
  cpSync(name, `dist-bench/${name}`, { recursive: true });
