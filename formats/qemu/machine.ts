/** What a command line means by the version of the machine it asks for. */
export interface MachineEra {
  /** Levels of -smp that are not said are filled with sockets before cores: machines up to 6.1. */
  readonly prefersSockets: boolean;
  /** `-numa node,mem=`: machines up to 5.0. */
  readonly takesMem: boolean;
  /** `-numa node` without any memory, which QEMU divides: gone in QEMU 5.2. */
  readonly dividesMemory: boolean;
  /** What an equal part loses to rounding goes to the next node: machines since 2.10; before, all of it to the last. */
  readonly carriesRest: boolean;
}

/** A version is 100 times the major number and the minor one. */
function eraOf(version: number): MachineEra {
  return { prefersSockets: version < 602, takesMem: version < 501, dividesMemory: version < 502, carriesRest: version >= 210 };
}

export const NEWEST_MACHINE: MachineEra = eraOf(1000);
/** The last machine that took nodes without memory backends in both ways. */
const LAST_LEGACY = eraOf(500);

/**
 * Of `pc-i440fx-2.11`, `pc-q35-6.1+pve0` (Proxmox), `pc-1.3`, `virt-6.0`, `pc-q35-rhel8.2.0`, `pc-i440fx-focal`. A name without a version (`pc`, `q35`, none) is the newest machine of
 * the QEMU at hand; if nodes have no memory backends that QEMU can be no newer than 5.0.
 * After: hw/i386/pc_piix.c, pc_q35.c (smp_props.prefer_sockets, numa_mem_supported, numa_auto_assign_ram); docs/about/removed-features.rst.
 * @param hasLegacyNodes whether there are `-numa node`, none with memdev
 */
export function machineEra(type: string | null, hasLegacyNodes: boolean): MachineEra {
  const version = versionOf(type ?? '');
  if (version === null) return hasLegacyNodes ? LAST_LEGACY : NEWEST_MACHINE;
  return eraOf(version);
}

/** Of a machine whose name says a version that is not known here, such as one of a release that came later: how it is taken, else null. */
export function unknownVersion(type: string | null, hasLegacyNodes: boolean): string | null {
  if (type === null || !/^pc-./.test(type) || /^pc-(i440fx|q35)$/.test(type) || versionOf(type) !== null) return null;
  return `taken for a machine of ${hasLegacyNodes ? 'QEMU 5.0, as nodes have no memdev' : 'the newest QEMU'}, as its version is not known`;
}

/** The QEMU of Ubuntu's releases, whose machines are called by them; `-hpb` and `-maxcpus` change the CPU model and the most vCPUs. */
const UBUNTU_VERSIONS: ReadonlyMap<string, number> = new Map([
  ['xenial', 205],
  ['bionic', 211],
  ['focal', 402],
  ['jammy', 602],
  ['noble', 802],
]);

function versionOf(type: string): number | null {
  const [, isRedHat, major, minor] =
    /^(?:pc-(?:i440fx-|q35-)?|virt-|pseries-|s390-ccw-virtio-)(rhel)?(\d{1,2})\.(\d{1,2})(?:\.\d{1,2})?(?:\+pve\d{1,3})?$/.exec(type) ?? [];
  if (major === undefined) {
    const [, release = ''] = /^pc-(?:i440fx|q35)-([a-z]+)(?:-hpb|-maxcpus|-v2){0,2}$/.exec(type) ?? [];
    return UBUNTU_VERSIONS.get(release) ?? null;
  }
  const version = Number(major) * 100 + Number(minor);
  return isRedHat === undefined ? version : redHatVersion(version);
}

/** RHEL's machines by those of QEMU they are made of, as far as the era goes: rhel7.4 is 2.9, rhel7.5 2.10, rhel8.5 6.0 and rhel8.6 6.2. */
function redHatVersion(version: number): number {
  if (version < 705) return 209;
  return version < 806 ? 500 : 602;
}
