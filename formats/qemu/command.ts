import { shown, type SourceText } from '../format-error.ts';
import type { Aside } from './memory.ts';
import { ALL_BACKED, HUGE_PAGES, isPinning, lineOf } from './memory.ts';
import { type QemuOption, Settings } from './options.ts';
import { knownWord, type ShellWord } from './shell-words.ts';

/** Options that this reader takes apart. All have an argument. */
export const QEMU_READ: ReadonlySet<string> = new Set([
  'smp',
  'm',
  'numa',
  'object',
  'name',
  'machine',
  'M',
  'accel',
  'overcommit',
  'realtime',
  'mem-path',
  'device',
]);

/** Without effect on who runs where, on memory or on time as they are simulated: devices, disks, networks, consoles, firmware. `id` is Proxmox's. */
export const QEMU_PLAIN_WITH_ARGUMENT: ReadonlySet<string> = new Set(
  ('acpitable action add-fd append audio audiodev balloon bios blockdev boot bt cdrom chardev chroot clock compat cpu D d debugcon device-help dfilter display drive ' +
    'dtb echr fda fdb fsdev fw_cfg gdb global hda hdb hdc hdd id initrd iscsi k kernel kvm-shadow-memory L mon monitor msg mtdblock net netdev nic nvram ' +
    'option-rom parallel pflash pidfile plugin prom-env qmp qmp-pretty qtest qtest-log redir rotate rtc run-with runas sandbox sd seed semihosting-config ' +
    'serial set shim smbios soundhw spice startdate tb-size tpmdev trace usbdevice uuid vga virtfs vnc watchdog watchdog-action').split(' '), // prettier-ignore
);
export const QEMU_PLAIN: ReadonlySet<string> = new Set(
  ('S s async-teardown daemonize enable-fips enable-sync-profile full-screen localtime no-acpi no-fd-bootchk no-hpet no-kvm-irqchip no-kvm-pit ' +
    'no-kvm-pit-reinjection no-quit no-reboot no-shutdown no-user-config nodefaults nodefconfig nographic only-migratable portrait rtc-td-hack snapshot ' +
    'std-vga tdf usb alt-grab ctrl-grab curses sdl no-frame win2k-hack').split(' '), // prettier-ignore
);
/** With an effect that is not simulated. */
export const QEMU_UNSIMULATED_WITH_ARGUMENT: ReadonlySet<string> = new Set(['icount', 'incoming', 'loadvm', 'readconfig', 'accel-help', 'sgx-epc', 'writeconfig', 'perfmap']); // prettier-ignore
export const QEMU_UNSIMULATED: ReadonlySet<string> = new Set([
  'no-kvm',
  'preconfig',
  'singlestep',
  'xen-attach',
  'xen-domid-restrict',
  'semihosting',
  'perfmap',
  'jitdump',
  'one-insn-per-tb',
]);
/** Simulated, and without an argument. */
export const QEMU_FLAGS: ReadonlySet<string> = new Set(['enable-kvm', 'mem-prealloc']);

/** A command line as options: those that are read, in order, and the flags that are. */
export interface QemuCommand {
  readonly options: readonly QemuOption[];
  readonly flags: ReadonlySet<string>;
}

/** @param words after the program */
export function readOptions(source: SourceText, words: readonly ShellWord[], aside: Aside): QemuCommand {
  const options: QemuOption[] = [];
  const flags = new Set<string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const at = word.offsets[0]!;
    const next = words[i + 1];
    const line = lineOf(source, at);
    if (word.text === '$@' || word.text === '$*') {
      aside.ignored.push(`${line}: ${word.text}: taken for nothing, as the script is given nothing here`);
      continue;
    }
    knownWord(source, word);
    if (!/^--?[A-Za-z]/.test(word.text)) {
      aside.ignored.push(`${line}: ${shown(word.text)} (a disk image)`);
      continue;
    }
    const name = word.text.replace(/^--?/, '');
    const argument = (): ShellWord => {
      i++;
      return next ?? source.fail(at, `-${name} at the end, want a value after it`);
    };
    if (QEMU_READ.has(name)) {
      const value = argument();
      options.push({ name, at, argument: MAY_BE_UNKNOWN.has(name) ? value : knownWord(source, value) });
    } else if (QEMU_FLAGS.has(name)) flags.add(name);
    else if (QEMU_PLAIN.has(name)) aside.ignored.push(`${line}: -${name}`);
    else if (QEMU_PLAIN_WITH_ARGUMENT.has(name)) {
      const isHolding = HOLDING_NETWORK.test(argument().text) && name === 'netdev';
      if (isHolding) flags.add('vhost-vdpa');
      aside.ignored.push(`${line}: -${name}${isHolding ? ` vhost-vdpa: ${ALL_BACKED}` : ''}`);
    } else if (QEMU_UNSIMULATED.has(name)) aside.unsimulated.push(`${line}: -${name}`);
    else if (name === 'readconfig' && PROXMOX_CONFIG.test(next?.text ?? '')) {
      aside.ignored.push(`${line}: -readconfig ${short(argument().text)}: buses, as Proxmox has them`);
    } else if (QEMU_UNSIMULATED_WITH_ARGUMENT.has(name)) aside.unsimulated.push(`${line}: -${name} ${short(argument().text)}`);
    else {
      const hasArgument = next !== undefined && !next.text.startsWith('-');
      aside.unsimulated.push(`${line}: -${name}${hasArgument ? ` ${short(next.text)}` : ''} (an option that this reader does not know)`);
      if (hasArgument) i++;
    }
  }
  return { options, flags };
}

/** Where a part that only a shell could tell may change nothing: looked at by those who read it. */
const MAY_BE_UNKNOWN: ReadonlySet<string> = new Set(['device', 'object', 'name']);
/** Files of bridges and USB controllers, which Proxmox gives each q35 guest. */
const PROXMOX_CONFIG = /^\/usr\/share\/qemu-server\/pve-[\w.-]+\.cfg$/;
/** Devices that add memory or vCPUs, or that nobody can tell what they do with them. */
const HEAVY_DEVICE = /^(pc-dimm|nvdimm|virtio-(mem|pmem)|vfio-|cxl-|.*-cpu(-core)?$)/;
/** Devices of the host: DMA wants all memory of the guest in its place, from the start on. */
const HOLDING_DEVICE = /^(vfio-pci|vhost-vdpa)/;
const HOLDING_NETWORK = /^(?:(?:type=)?vhost-vdpa,|\{[^]*"vhost-vdpa")/;

/** Whether an option with an argument changes nothing of memory and vCPUs. */
export function isPlainOption(name: string, argument: string): boolean {
  if (name === 'device') return isPlainDevice(argument);
  return QEMU_PLAIN_WITH_ARGUMENT.has(name) && !(name === 'netdev' && HOLDING_NETWORK.test(argument));
}

function isPlainDevice(text: string): boolean {
  const driver = /^\{.*?"driver"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? text.split(',')[0]!;
  return !HEAVY_DEVICE.test(driver) && !HOLDING_DEVICE.test(driver);
}

/** `-device pc-dimm`. */
export interface Dimm {
  readonly settings: Settings;
  readonly at: number;
}

/** `-machine`, `-accel`, `-overcommit`, `-device`, as far as they matter here. */
export interface QemuHost {
  /** Whether KVM is asked for; null where nothing is said. */
  readonly isKvm: boolean | null;
  /** `-machine memory-backend=`. */
  readonly backend: Settings | null;
  /** `-machine`'s name, such as `pc-q35-6.2`; null where none is said. */
  readonly machine: string | null;
  /** Something has all memory backed at the start: a lock, a device of the host. */
  readonly isHeld: boolean;
  readonly dimms: readonly Dimm[];
}

type Found = { -readonly [Key in keyof QemuHost]: QemuHost[Key] } & { readonly dimms: Dimm[] };

export function readHost(source: SourceText, options: readonly QemuOption[], flags: ReadonlySet<string>, aside: Aside): QemuHost {
  const isKvm = flags.has('enable-kvm') ? true : null;
  const found: Found = { isKvm, backend: null, machine: null, isHeld: flags.has('vhost-vdpa'), dimms: [] };
  for (const option of options) {
    const line = lineOf(source, option.at);
    if (option.name === 'accel') {
      accelerator(found, new Settings(source, option, 'accel').one('accel')?.value ?? '');
    } else if (option.name === 'machine' || option.name === 'M') {
      readMachine(new Settings(source, option, 'type'), line, found, aside);
    } else if (option.name === 'overcommit') {
      const settings = new Settings(source, option, null);
      settings.allow(['mem-lock', 'cpu-pm']);
      if (settings.one('mem-lock')?.value !== 'on-fault' && settings.isOn('mem-lock')) found.isHeld = true; // mlockall() touches all of it
      if (settings.isOn('cpu-pm')) aside.unsimulated.push(`${line}: -overcommit cpu-pm=on: a vCPU keeps its CPU while it is idle`);
    } else if (option.name === 'realtime') {
      if (new Settings(source, option, 'mlock').isOn('mlock')) found.isHeld = true;
    } else if (option.name === 'mem-path') {
      const path = option.argument!.text;
      aside.ignored.push(`${line}: -mem-path ${short(path)}${path.includes('huge') ? `: ${HUGE_PAGES}` : ''}`);
    } else if (option.name === 'object') {
      if (isPinning(new Settings(source, option, 'qom-type').one('qom-type')?.value ?? '')) found.isHeld = true;
    } else if (option.name === 'device') readDevice(source, option, found, aside);
  }
  return found;
}

const OF_OTHER_SYSTEMS = ['hvf', 'whpx', 'nvmm'];

/** QEMU takes the first that works: never one of another system, KVM here, and always TCG, which emulates. */
function accelerator(found: Found, said: string): void {
  const first = said.split(':').find((name) => !OF_OTHER_SYSTEMS.includes(name));
  if (first !== undefined) found.isKvm ??= first === 'kvm';
}

function readMachine(settings: Settings, line: string, found: Found, aside: Aside): void {
  const accel = settings.one('accel');
  if (accel) accelerator(found, accel.value);
  if (settings.one('memory-backend')) found.backend = settings;
  found.machine = settings.one('type')?.value ?? found.machine;
  if (settings.isOn('hmat')) aside.unsimulated.push(`${line}: -machine hmat=on: guests believe distances (SLIT) and no HMAT`);
  for (const key of ['confidential-guest-support', 'memory-encryption'])
    if (settings.one(key) && settings.one(key)!.value !== 'off')
      aside.unsimulated.push(`${line}: -machine ${key}: memory that is encrypted`);
  aside.ignored.push(`${line}: -machine ${short(settings.one('type')?.value ?? '')}`.trimEnd());
}

function readDevice(source: SourceText, option: QemuOption, found: Found, aside: Aside): void {
  const settings = new Settings(source, option, 'driver');
  const driver = settings.one('driver')?.value ?? settings.fail(null, 'without driver, want the kind of device');
  if (/[$`]/.test(driver) || driver === 'pc-dimm') knownWord(source, option.argument!);
  const line = `${lineOf(source, option.at)}: -device ${short(driver)}`;
  if (driver === 'pc-dimm') found.dimms.push({ settings, at: option.at });
  else if (HOLDING_DEVICE.test(driver)) {
    found.isHeld = true;
    aside.ignored.push(`${line}: ${ALL_BACKED}`);
  } else if (HEAVY_DEVICE.test(driver)) aside.unsimulated.push(line);
  else {
    const reports = driver.startsWith('virtio-balloon') && settings.isOn('free-page-reporting'); // else it is empty until somebody fills it
    aside.ignored.push(reports ? `${line},free-page-reporting=on: memory that the guest frees stays where it is here` : line);
  }
}

function short(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, '?');
  return plain.length > 40 ? `${plain.slice(0, 37)}...` : plain;
}
