import type { XmlElement } from '../xml.ts';

/** What is said beside the description; each reader of a part adds to it. */
export interface Remarks {
  readonly unsimulated: string[];
  readonly ignored: string[];
}

/** Elements of a domain that are read. */
export const READ_ELEMENTS: readonly string[] = [
  'name',
  'vcpu',
  'vcpus',
  'memory',
  'currentMemory',
  'cputune',
  'numatune',
  'cpu',
  'memoryBacking',
  'launchSecurity',
  'os',
];

/** Elements of a domain with nothing in them that decides who runs where, or what memory costs here. */
export const NO_EFFECT: readonly string[] = [
  'uuid',
  'hwuuid',
  'genid',
  'title',
  'description',
  'metadata',
  'bootloader',
  'bootloader_args',
  'sysinfo',
  'clock',
  'on_poweroff',
  'on_reboot',
  'on_crash',
  'on_lockfailure',
  'pm',
  'features',
  'devices',
  'seclabel',
  'keywrap',
  'resource',
  'perf',
  'idmap',
  'iothreads',
  'iothreadids',
  'defaultiothread',
  'blkiotune',
  'maxMemory',
  'throttlegroups',
  'qemu:capabilities',
  'qemu:override',
  'qemu:deprecation',
];

/** What has its place: `line 7: memtune`. */
export function placed(element: XmlElement, said: string): string {
  return `line ${element.line}: ${said}`;
}
