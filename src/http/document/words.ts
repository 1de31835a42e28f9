import { DAX_DRIVERS } from '../../engine/model/dax_driver.ts';
import { EVENT_TYPES } from '../../engine/model/event.ts';
import { NEVER_ENDING } from '../../engine/model/never_ending.ts';
import { FILE_STATES, OPEN_FLAGS } from '../../engine/model/open_file.ts';
import {
  ACCESS_KINDS,
  ACCESS_RESULTS,
  ACTIVITIES,
  CXL_DRIVERS,
  CXL_REMOVE_VIAS,
  EXPOSURE_REASONS,
  FS_STATES,
  HOST_HEALTH,
  IO_KINDS,
  LINK_SOURCES,
  MAP_FLAGS,
  MCE_KILL_POLICIES,
  MEMORY_FAILURE_RESULTS,
  PAGE_SIZES,
  PIN_KINDS,
  POPULATE_KINDS,
  PROCESS_STATES,
  PROTS,
  REMOUNT_OPTIONS,
  SIGBUS_DISPOSITIONS,
  STEP_NAMES,
} from '../../engine/model/vocabulary.ts';
import { PLAN_ACTIONS } from '../../engine/questions/plan_record.ts';
import { ADVICE_ACTIONS } from '../../engine/questions/record.ts';

interface Words {
  readonly words: readonly (string | number)[];
  readonly description: string;
}

const of = (words: Words['words'], description: string): Words => ({ words, description });

/**
 * Enumerations that no schema names itself (by `.meta({ id })`): each has one name in the document, wherever its words
 * stand, so that a generated client has one type of it and not one a place.
 */
export const WORDS: Readonly<Record<string, Words>> = {
  AbsentKind: of(
    [
      ...['bus', 'dimm', 'region', 'namespace', 'dax_region', 'dax_device'],
      ...['cxl_bus', 'port', 'endpoint', 'memdev', 'decoder', 'cxl_region'],
    ],
    'What kind of object a listing says nothing of.',
  ),
  AbsentReason: of(
    ['not listed', 'being removed', 'still told', 'empty listing', 'not read'],
    'Why an object that a complete listing lacks is kept or let go.',
  ),
  AccessKind: of(
    ACCESS_KINDS,
    'How memory is touched: by the processor (`read`, `write`), or by the kernel for a process.',
  ),
  AccessResult: of(ACCESS_RESULTS, 'What whoever asks gets.'),
  AdviceAction: of(ADVICE_ACTIONS, 'What can be done before a removal.'),
  BindResult: of(['ok', 'blocked'], 'Whether the bind returned, or whoever binds sleeps in it.'),
  BlockWriteResult: of(
    ['ok', 'blocked', 'kernel_oops'],
    'What came of the write to the state of a memory block.',
  ),
  CallMethod: of(['POST', 'PATCH', 'DELETE'], 'The method of a request to this service.'),
  ChangeCertainty: of(
    ['A', 'B', 'C', 'none'],
    'How sure it is that a kernel of that release has the change.',
  ),
  ChangeEvidence: of(['version', 'probe'], 'What tells whether a kernel has a change.'),
  Consequence: of(
    ['blocks', 'forced', 'killed', 'survives'],
    'What a removal now would do to a holder: it waits for it, unmaps it by force, kills it, or leaves it.',
  ),
  CostWorkload: of(
    ['ext4', 'xfs', 'xfs_rmapbt', 'system_ram', 'cxl'],
    'The kind of removal whose cost was measured.',
  ),
  CreatedDeviceState: of(['bound', 'unbound'], 'Whether a device has its driver when it is created.'),
  CxlMemdevDriver: of(CXL_DRIVERS, 'A driver of a CXL memdev.'),
  CxlRegionState: of(['enabled', 'disabled'], 'Whether the region is bound to its driver.'),
  CxlRemoveVia: of(CXL_REMOVE_VIAS, 'What of a CXL memdev is unbound, or the tool that is asked.'),
  RemovalSort: of(sorts('dax_device', 'state'), 'An order of removals.'),
  ClockMode: of(['real', 'manual'], 'Whether the clock of a host goes on by itself.'),
  CreationOrder: of(sorts(), 'An order by the time of creation.'),
  DaxBusDriver: of(DAX_DRIVERS, 'A driver of the dax bus.'),
  DeliveredType: of(
    [...EVENT_TYPES, 'webhook_test'],
    'What a message tells: an event, or that it is a test.',
  ),
  DeliveryState: of(
    ['pending', 'delivered', 'failed'],
    'Whether a message to a webhook has arrived, is still tried, or was given up.',
  ),
  DeviceSort: of(sorts('name', 'size', 'state'), 'An order of dax devices.'),
  ErrnoOrOk: of(['ok', 'errno'], 'Whether it was done, or `errno` says why not.'),
  EventType: of(EVENT_TYPES, 'What happened, in a word.'),
  ExposureReason: of(EXPOSURE_REASONS, "Why the pfns are another owner's."),
  ExposureSort: of(sorts('dax_device', 'pages'), 'An order of exposures.'),
  FactStatus: of(
    ['recorded', 'read', 'unknown'],
    'How a fact of a kernel is known: recorded on that kernel, read from its source, or not.',
  ),
  FaultCode: of(
    ['unavailable', 'store_busy', 'store_full', 'rate_limited', 'internal_error'],
    'The code of a problem that a fault rule answers.',
  ),
  FileIoKind: of(IO_KINDS, 'A file call of a process.'),
  FileSort: of(sorts('path', 'size'), 'An order of the list of files.'),
  FileState: of(FILE_STATES, 'Whether a file has its name, is held by users alone, or is being freed.'),
  FileSystemFate: of(['shutdown', 'untouched', 'frozen'], 'What a removal did to a file system.'),
  FileSystemState: of(FS_STATES, 'How the superblock stands.'),
  HolderKind: of(
    ['mount', 'file', 'process', 'mapping', 'pin', 'open_file', 'memory_block'],
    'What kind of thing holds a device.',
  ),
  HostHealth: of(HOST_HEALTH, 'Whether a task of the kernel has oopsed, or spins until SIGKILL.'),
  HostSort: of(sorts('name', 'kernel'), 'An order of the list of hosts.'),
  HotplugEventSort: of(sorts('dax_device'), 'An order of hotplug events.'),
  InventoryFormat: of(['ndctl', 'daxctl', 'cxl'], 'The tool whose listing is written.'),
  JournalState: of(['live', 'aborted'], 'Whether the journal of a file system takes transactions.'),
  KernelLock: of(NEVER_ENDING, 'What is held for good, so that whoever wants it sleeps until a reboot.'),
  LinkSource: of(LINK_SOURCES, 'How a link is known: told, or derived from numbers and addresses.'),
  ListedChange: of(['created', 'updated', 'unchanged', 'gone'], 'What a listing changed of an object.'),
  ListingFormat: of(
    ['ndctl', 'daxctl', 'cxl', 'empty', 'mixed'],
    'The tool whose listing it was; `mixed` of several, `empty` of none.',
  ),
  LivelockedTask: of(['process', 'caller'], 'Who spins in the kernel until SIGKILL.'),
  MappingActivity: of(ACTIVITIES, 'Whether the process stores into its touched pages without pause.'),
  MappingFlag: of(MAP_FLAGS, 'A flag of mmap(2): MAP_SHARED, MAP_PRIVATE, MAP_SYNC.'),
  MappingPopulate: of(POPULATE_KINDS, 'What is faulted in when a mapping is made.'),
  MappingProtection: of(PROTS, 'PROT_READ alone, or with PROT_WRITE.'),
  MappingSort: of(sorts('pid', 'dax_device'), 'An order of what processes map, pin and have open.'),
  MceKillPolicy: of(MCE_KILL_POLICIES, 'PR_MCE_KILL of a process; `default` follows the sysctl.'),
  MediaRegionState: of(
    ['requested', 'released', 'leaked'],
    "How the device's resource in /proc/iomem stands; what is leaked stays until a reboot.",
  ),
  MemdevSort: of(sorts('name'), 'An order of CXL memdevs.'),
  MemoryFailureAction: of(MEMORY_FAILURE_RESULTS, 'What the kernel logs that it did about a page.'),
  MemoryZone: of(['Normal', 'Movable'], 'The zone of a memory block.'),
  MountSort: of(sorts('path', 'dax_device'), 'An order of the list of mounts.'),
  MountState: of(
    ['mounted', 'lazy', 'shutting_down'],
    'Whether a mount has its place, was detached, or is being shut down.',
  ),
  OopsedTask: of(['process', 'caller', 'worker'], 'The task that a kernel oops strikes.'),
  ListOrder: of(['asc', 'desc'], 'Whether the oldest or the latest comes first.'),
  OpenFlag: of(OPEN_FLAGS, 'O_RDONLY, O_WRONLY or O_RDWR.'),
  PageSize: of(PAGE_SIZES, 'A page size in bytes.'),
  PageSizeText: of(['4KiB', '2MiB', '1GiB'], 'A page size with its unit.'),
  PgmapPlace: of(['dev', 'mem'], 'Where the struct pages of a device live: on it, or in memory.'),
  PgmapState: of(['live', 'killed', 'none'], 'How the dev_pagemap of a device stands.'),
  PinKind: of(PIN_KINDS, 'How long a pin is meant to last: `longterm` is FOLL_LONGTERM.'),
  PlanAction: of(PLAN_ACTIONS, 'What a step of a plan does.'),
  ProcessSort: of(sorts('pid'), 'An order of processes.'),
  ProcessState: of(PROCESS_STATES, 'How a process stands.'),
  RequestMethod: of(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'The method of a request to this service.'),
  ReadyState: of(['ready', 'degraded'], 'How it serves; `degraded`: it does, and something is wrong.'),
  RegionSort: of(sorts('name', 'size'), 'An order of CXL regions.'),
  ReleasedBy: of(['unpin', 'munmap', 'exit'], 'What ends the wait of a removal.'),
  RemountOption: of(REMOUNT_OPTIONS, 'What a remount makes of a mount.'),
  ResultOrUndetermined: of(
    [...ACCESS_RESULTS, 'undetermined'],
    'What whoever asks gets; `undetermined` where another unknown fact decides.',
  ),
  SiCode: of(
    ['BUS_MCEERR_AO', 'BUS_MCEERR_AR', 'BUS_ADRERR', 'SI_KERNEL'],
    'The si_code of a SIGBUS, by its name in siginfo.h.',
  ),
  SigbusDisposition: of(SIGBUS_DISPOSITIONS, 'What a process does with SIGBUS.'),
  SignalDelivery: of(['asynchronous', 'on-access'], 'When a signal comes.'),
  SignalFate: of(['delivered', 'pending', 'ignored'], 'What became of a signal.'),
  SkippedKind: of(
    [
      ...['bus', 'dimm', 'region', 'namespace', 'dax_region', 'dax_device', 'cxl_bus', 'port', 'endpoint'],
      ...['memdev', 'decoder', 'cxl_region', 'host', 'size', 'badblocks', 'value', 'text'],
    ],
    'What of a listing was not taken.',
  ),
  StepName: of(STEP_NAMES, 'A stage of `->remove()`.'),
  StepState: of(['pending', 'running', 'waiting', 'done'], 'How far a step has come.'),
  TopologyChangeKind: of(
    ['dax_devices', 'mounts', 'files', 'processes', 'open_files', 'mappings', 'pins', 'hosts'],
    'What kind of element of a topology changes.',
  ),
  TopologyOperation: of(['create', 'change', 'delete'], 'What becomes of an element of a topology.'),
  UserEnd: of(['munmap', 'unpin', 'exit', 'SIGKILL'], 'How a use of a device ends.'),
  WaitKind: of(['pin', 'page_reference', 'mapping'], 'What a removal waits for.'),
  WebhookDisabledReason: of(['requested', 'gone', 'failing'], 'Why a webhook is sent nothing.'),
  ZeroOrOne: of([0, 1], 'A switch of sysfs or sysctl.'),
};

/** Words of `?sort=`: each field, ascending and descending, after the time of creation. */
function sorts(...fields: readonly string[]): string[] {
  return ['created_at', ...fields].flatMap((field) => [field, `-${field}`]);
}
