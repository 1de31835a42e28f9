import { benchAssessment } from './assessment.ts';
import { benchBulk } from './bulk.ts';
import { benchBystanders } from './bystanders.ts';
import { benchExposures } from './exposures.ts';
import { benchEngineRemovals } from './engine_removals.ts';
import { benchGets } from './gets.ts';
import { benchGrowth } from './growth.ts';
import { benchImports } from './imports.ts';
import { benchIntake } from './intake.ts';
import { benchMappings } from './mappings.ts';
import { benchPosts } from './posts.ts';
import { benchRemovals } from './removals.ts';
import { createReport, HEADING, isMet, type Report } from './report.ts';
import { type ROWS, type RowId } from './rows.ts';
import { benchSizes } from './sizes.ts';
import { benchSmallPost } from './small_post.ts';
import { benchSweep } from './sweep.ts';
import { benchWholeFleet } from './whole_fleet.ts';

/** What measures the rows of each subject, in the order in which they are run. */
const SUBJECTS: Readonly<Record<(typeof ROWS)[RowId]['subject'], (report: Report) => Promise<void>>> = {
  gets: benchGets,
  posts: benchPosts,
  small_posts: benchSmallPost,
  extents: benchEngineRemovals,
  removals: benchRemovals,
  sweep: benchSweep,
  bystanders: benchBystanders,
  mappings: benchMappings,
  exposures: benchExposures,
  imports: benchImports,
  growth: benchGrowth,
  sizes: benchSizes,
  intake: benchIntake,
  bulk: benchBulk,
  assessment: benchAssessment,
  fleet: benchWholeFleet,
};
/** What takes minutes is run where it is named. */
const ON_DEMAND = ['fleet'];

/** `npm run bench [-- [--json] NAME…]`: what is measured beside what it has to be. Nothing fails by being slow. */
const names = process.argv.slice(2).filter((argument) => argument !== '--json');
const json = process.argv.includes('--json');
const subjects = Object.entries(SUBJECTS);
const unknown = names.filter((name) => !Object.hasOwn(SUBJECTS, name));
if (unknown.length > 0) {
  process.stderr.write(`no subject ${unknown.join(', ')}: there are ${Object.keys(SUBJECTS).join(', ')}\n`);
  process.exit(2);
}
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const report = createReport(print, json);
if (!json) print(HEADING);
for (const [name, bench] of subjects)
  if (names.length === 0 ? !ON_DEMAND.includes(name) : names.includes(name)) await bench(report);
if (!json) print(summary());

function summary(): string {
  const met = [...report.outcomes()].map(([id, outcome]) => isMet(id, outcome));
  const count = (is: boolean): string => String(met.filter((each) => each === is).length);
  return `${count(true)} met, ${count(false)} not met`;
}
