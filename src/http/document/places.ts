/**
 * Whatever a schema leaves unbounded stands in an answer, and an answer is one text: of at most 2^29 - 24 characters
 * of a JavaScript engine.
 */
export const TEXT_LENGTH_MAX = 2 ** 29 - 24;

interface Text {
  readonly name: string;
  readonly minLength: number;
  readonly maxLength: number;
  readonly description: string;
}

/** Texts that have no pattern: the name of each by its bounds. */
export const TEXTS: readonly Text[] = [
  {
    name: 'FreeText',
    minLength: 0,
    maxLength: TEXT_LENGTH_MAX,
    description: 'A text that the service writes: for people, or a word of the kernel or of a tool.',
  },
  {
    name: 'ResourceId',
    minLength: 1,
    maxLength: 64,
    description: 'The id of a resource, as it was answered.',
  },
  { name: 'ShortText', minLength: 1, maxLength: 255, description: 'A text that the caller chooses.' },
  {
    name: 'KernelReleaseText',
    minLength: 1,
    maxLength: 128,
    description: 'A release as `uname -r` shows it, or a package version of Debian.',
  },
  {
    name: 'TargetUrl',
    minLength: 1,
    maxLength: 2048,
    description: 'A URL of http or https that the service calls.',
  },
  {
    name: 'SigningSecret',
    minLength: 0,
    maxLength: 128,
    description: 'A secret of Standard Webhooks: `whsec_` and base64.',
  },
  { name: 'PageToken', minLength: 1, maxLength: 1024, description: 'The next_page of an earlier answer.' },
  { name: 'LabelName', minLength: 1, maxLength: 63, description: 'The name of a label, free text.' },
  { name: 'LabelValue', minLength: 0, maxLength: 255, description: 'The value of a label, free text.' },
  { name: 'ProbeName', minLength: 1, maxLength: 256, description: 'What is looked up on a kernel.' },
  { name: 'ProbeValue', minLength: 0, maxLength: 256, description: 'What a probe of a kernel reads.' },
];

/**
 * Unions, objects that may be null, and objects that generators would name like a component, which they are not: the
 * name of each by where it stands.
 */
export const PLACES: Readonly<Record<string, string>> = {
  'Call.body|0': 'CallBody',
  'ComparedRemoval.report|0': 'ComparedReport',
  'CompareRemovals.trigger': 'RemoveTriggerInput',
  'Comparison.items[]': 'ComparedOrRefusedRemoval',
  'CreateDaxDevice.align|0': 'PageSizeInput',
  'CreateHotplugEvent.action': 'HotplugActionInput',
  'CreateMapping.page_size': 'PageSizeInput',
  'DeclaredDaxDevice.align': 'PageSizeInput',
  'DeclaredDaxDevice.align|0': 'PageSizeInput',
  'DeclaredMapping.page_size': 'PageSizeInput',
  'Exposure.cut': 'ExposureCut',
  'Fleet.cut': 'FleetCut',
  'HotplugEvent.media|0': 'InsertedMedia',
  'KernelChange.within|0': 'ReleaseRange',
  'KernelProbes.btf{}': 'ProbeResult',
  'KernelProbes.sysfs{}': 'ProbeResult',
  'KernelProbesInput.btf{}': 'ProbeResult',
  'KernelProbesInput.sysfs{}': 'ProbeResult',
  'Outcome.data_of|0': 'DataOf',
  'Outcome.end|0': 'ProcessEnd',
  'Outcome.end|0|0': 'KilledProcess',
  'Outcome.end|0|1': 'ExitedProcess',
  'PatchMemoryBlock.removable': 'SysfsSwitch',
  'PatchWebhook.rotate_secret': 'SecretRotation',
  'PlanRemovals.dax_devices[]': 'PlannedDeviceInput',
  'PlanRemovals.dax_devices[]|1': 'DeviceOfHost',
  'PlanRemovals.trigger': 'RemoveTriggerInput',
  'Process.end|0': 'ProcessEnd',
  'Process.end|0|0': 'KilledProcess',
  'Process.end|0|1': 'ExitedProcess',
  'Process.waits_for_thaw|0': 'FrozenFault',
  'RecordedHotplugEvent.media|0': 'InsertedMedia',
  'RemoveCxlMemdev.trigger': 'RemoveTriggerInput',
  'RemoveDaxDevice.trigger': 'RemoveTriggerInput',
  'injectMemoryFailure.200': 'MemoryFailureAnswer',
  'listFleetHotplugEvents.action': 'HotplugActionInput',
  'listHotplugEvents.action': 'HotplugActionInput',
  ...both('cdevs[].refs', 'CdevReferences'),
  ...both('lock_waiters[]', 'LockWaiter'),
  ...both('lock_waiters[]|0', 'WaitingBind'),
  ...both('lock_waiters[]|1', 'WaitingRemoval'),
  ...both('placed_as|0', 'PlacedAs'),
};

/** A device, and one with what binding it came to. */
function both(property: string, name: string): Record<string, string> {
  return { [`DaxDevice.${property}`]: name, [`BoundDaxDevice.${property}`]: name };
}
