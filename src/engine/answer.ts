import type { BatchAnswer } from './commands/batch.ts';
import type { BoundDevice } from './commands/bind.ts';
import type { DaxctlMemory } from './commands/daxctl_memory.ts';
import type { WrittenMemoryBlock } from './commands/patch_memory_block.ts';
import type { RecordedHotplugEvent } from './commands/record_hotplug_event.ts';
import type { RemovedMemdev } from './commands/remove_cxl_memdev.ts';
import type { MemoryFailureReport } from './memory_failure/report.ts';
import type { CommandType } from './model/command.ts';
import type { OpenFile } from './model/open_file.ts';
import type { CxlMemdev, CxlRegion } from './model/cxl.ts';
import type { DaxDevice, File, HostRecord, Mapping, Mount, Pin, Process } from './model/host.ts';
import type { Outcome } from './model/outcome.ts';
import type { QuestionType } from './model/question.ts';
import type { RemovalRecord } from './model/removal.ts';
import type { Snapshot } from './model/snapshot.ts';
import type { Exported, PutAnswer } from './model/topology.ts';
import type { Capacity } from './questions/capacity.ts';
import type { SurveyedMemoryBlock, SurveyedMemoryBlocks } from './questions/memory_blocks.ts';
import type { Plan } from './questions/plan_record.ts';
import type { Assessment, Comparison, Survey } from './questions/record.ts';

/** What each command answers; null where a record is gone. Plain JSON. */
interface CommandAnswers {
  readonly create_host: HostRecord;
  readonly patch_host: HostRecord;
  readonly delete_host: null;
  readonly reboot: HostRecord;
  /** JSON text. */
  readonly import_inventory: string;
  readonly create_dax_device: DaxDevice;
  readonly patch_dax_device: DaxDevice;
  readonly delete_dax_device: null;
  readonly bind: BoundDevice;
  readonly remove_dax_device: RemovalRecord;
  readonly advance_removal: RemovalRecord;
  readonly record_hotplug_event: RecordedHotplugEvent;
  readonly patch_memory_block: WrittenMemoryBlock;
  readonly online_memory: DaxctlMemory;
  readonly offline_memory: DaxctlMemory;
  readonly memory_failure: MemoryFailureReport | Outcome;
  readonly clear_errors: DaxDevice;
  readonly bind_cxl_memdev: CxlMemdev;
  readonly remove_cxl_memdev: RemovedMemdev;
  readonly commit_cxl_region: CxlRegion;
  readonly bind_cxl_region: CxlRegion;
  readonly create_mount: Mount;
  readonly umount: Outcome;
  readonly shutdown_mount: Mount;
  readonly freeze: Mount;
  readonly thaw: Mount;
  readonly remount: Mount;
  readonly sync: Outcome;
  readonly commit_journal: Mount;
  readonly create_file: File;
  readonly file_io: Outcome;
  readonly unlink: Outcome;
  readonly create_process: Process;
  readonly exit_process: Outcome;
  /** An outcome where the call does not come back. */
  readonly open_file: OpenFile | Outcome;
  readonly close_file: Outcome;
  readonly create_mapping: Mapping | Outcome;
  readonly access: Outcome;
  readonly batch: BatchAnswer<DaxDevice | Mount | File | Process | OpenFile | Mapping | Pin | Outcome>;
  readonly put_topology: PutAnswer;
  readonly create_snapshot: Snapshot;
  readonly delete_snapshot: null;
  readonly restore_host: HostRecord;
  readonly fork_host: HostRecord;
  readonly munmap: Outcome;
  readonly create_pin: Pin | Outcome;
  readonly unpin: Outcome;
}

/** What each question answers. Plain JSON. */
interface QuestionAnswers {
  readonly survey_holders: Survey;
  readonly survey_memory_blocks: SurveyedMemoryBlocks;
  readonly survey_memory_block: SurveyedMemoryBlock;
  readonly survey_capacity: Capacity;
  readonly compare_removals: Comparison;
  readonly plan_removals: Plan;
  readonly assess_removals: readonly Assessment[];
  readonly export_topology: Exported;
}

/** The answer to the command of that name; of several names, one of theirs. */
export type AnswerTo<Type extends CommandType = CommandType> = CommandAnswers[Type];

/** The answer to the question of that name; of several names, one of theirs. */
export type AnswerToQuestion<Type extends QuestionType = QuestionType> = QuestionAnswers[Type];
