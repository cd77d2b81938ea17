import { shown, type SourceText } from '../format-error.ts';
import type { Aside } from './memory.ts';
import { lineOf } from './memory.ts';
import { type QemuOption, Settings } from './options.ts';
import type { ShellWord } from './shell-words.ts';

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
  'device',
]);

/** Without effect on who runs where, on memory or on time as they are simulated: devices, disks, networks, consoles, firmware. */
export const QEMU_PLAIN_WITH_ARGUMENT: ReadonlySet<string> = new Set(
  ('acpitable action add-fd append audio audiodev bios blockdev boot cdrom chardev chroot compat cpu D d debugcon device-help display drive dtb echr fda ' +
    'fdb fsdev fw_cfg gdb global hda hdb hdc hdd initrd iscsi k kernel L mon monitor msg mtdblock net netdev nic option-rom parallel pflash pidfile ' +
    'plugin prom-env qmp qmp-pretty qtest qtest-log rotate rtc runas run-with sandbox sd seed serial set shim smbios spice tb-size tpmdev trace ' +
    'usbdevice uuid vga virtfs vnc watchdog watchdog-action').split(' '), // prettier-ignore
);
export const QEMU_PLAIN: ReadonlySet<string> = new Set(
  ('S s daemonize enable-fips full-screen no-acpi no-fd-bootchk no-hpet no-kvm-irqchip no-quit no-reboot no-shutdown no-user-config nodefaults ' +
    'nodefconfig nographic only-migratable snapshot usb alt-grab ctrl-grab curses sdl no-frame win2k-hack').split(' '), // prettier-ignore
);
/** With an effect that is not simulated. */
export const QEMU_UNSIMULATED_WITH_ARGUMENT: ReadonlySet<string> = new Set(['icount', 'balloon', 'incoming', 'loadvm', 'realtime', 'readconfig', 'mem-path', 'accel-help', 'sgx-epc', 'async-teardown', 'writeconfig', 'perfmap']); // prettier-ignore
export const QEMU_UNSIMULATED: ReadonlySet<string> = new Set([
  'no-kvm',
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
    if (!/^--?[A-Za-z]/.test(word.text)) {
      aside.ignored.push(`${line}: ${shown(word.text)} (a disk image)`);
      continue;
    }
    const name = word.text.replace(/^--?/, '');
    const argument = (): ShellWord => {
      i++;
      return next ?? source.fail(at, `-${name} at the end, want a value after it`);
    };
    if (QEMU_READ.has(name)) options.push({ name, at, argument: argument() });
    else if (QEMU_FLAGS.has(name)) flags.add(name);
    else if (QEMU_PLAIN.has(name)) aside.ignored.push(`${line}: -${name}`);
    else if (QEMU_PLAIN_WITH_ARGUMENT.has(name)) {
      argument();
      aside.ignored.push(`${line}: -${name}`);
    } else if (QEMU_UNSIMULATED.has(name)) aside.unsimulated.push(`${line}: -${name}`);
    else if (QEMU_UNSIMULATED_WITH_ARGUMENT.has(name)) aside.unsimulated.push(`${line}: -${name} ${short(argument().text)}`);
    else {
      const hasArgument = next !== undefined && !next.text.startsWith('-');
      aside.unsimulated.push(`${line}: -${name}${hasArgument ? ` ${short(next.text)}` : ''} (an option that this reader does not know)`);
      if (hasArgument) i++;
    }
  }
  return { options, flags };
}

/** Devices that hold, take or add memory, or vCPUs. */
const HEAVY_DEVICE = /^(pc-dimm|nvdimm|virtio-(mem|pmem)|vfio-|cxl-|vhost-vdpa|.*-x86_64-cpu$|.*-cpu$)/;

/** `-machine`, `-accel`, `-overcommit`, `-device`, as far as they matter here. */
export interface QemuHost {
  /** Whether KVM is asked for; null where nothing is said. */
  readonly isKvm: boolean | null;
  /** `-machine memory-backend=`. */
  readonly backend: Settings | null;
  /** `-machine`'s name, such as `pc-q35-6.2`; null where none is said. */
  readonly machine: string | null;
}

export function readHost(source: SourceText, options: readonly QemuOption[], flags: ReadonlySet<string>, aside: Aside): QemuHost {
  let isKvm: boolean | null = flags.has('enable-kvm') ? true : null;
  let backend: Settings | null = null;
  let machine: string | null = null;
  for (const option of options) {
    const line = lineOf(source, option.at);
    const accelerator = (name: string): void => {
      if (isKvm === null || name.split(':')[0] === 'kvm') isKvm = name.split(':')[0] === 'kvm'; // the first that works is taken
    };
    if (option.name === 'accel') {
      const settings = new Settings(source, option, 'accel');
      accelerator(settings.one('accel')?.value ?? '');
    } else if (option.name === 'machine' || option.name === 'M') {
      const settings = new Settings(source, option, 'type');
      if (settings.one('accel')) accelerator(settings.one('accel')!.value);
      if (settings.one('memory-backend')) backend = settings;
      machine = settings.one('type')?.value ?? machine;
      if (settings.isOn('hmat')) aside.unsimulated.push(`${line}: -machine hmat=on: guests believe distances (SLIT) and no HMAT`);
      for (const key of ['cxl', 'x-south-bridge', 'confidential-guest-support', 'memory-encryption'])
        if (settings.one(key) && settings.one(key)!.value !== 'off') aside.unsimulated.push(`${line}: -machine ${key}`);
      aside.ignored.push(`${line}: -machine ${short(settings.one('type')?.value ?? '')}`.trimEnd());
    } else if (option.name === 'overcommit') {
      const settings = new Settings(source, option, null);
      settings.allow(['mem-lock', 'cpu-pm']);
      for (const key of ['mem-lock', 'cpu-pm']) if (settings.isOn(key)) aside.unsimulated.push(`${line}: -overcommit ${key}=on`);
    } else if (option.name === 'device') {
      const settings = new Settings(source, option, 'driver');
      const driver = settings.one('driver')?.value ?? settings.fail(null, 'without driver, want the kind of device');
      const reports = driver.startsWith('virtio-balloon') && settings.isOn('free-page-reporting'); // else it is empty until somebody fills it
      aside[reports || HEAVY_DEVICE.test(driver) ? 'unsimulated' : 'ignored'].push(
        `${line}: -device ${short(driver)}${reports ? ',free-page-reporting=on' : ''}`,
      );
    }
  }
  return { isKvm, backend, machine };
}

function short(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, '?');
  return plain.length > 40 ? `${plain.slice(0, 37)}...` : plain;
}
