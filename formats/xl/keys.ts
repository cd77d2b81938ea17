import type { XlConfig } from './values.ts';

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

export const READ_KEYS: ReadonlySet<string> = new Set(
  list('name type builder vcpus maxvcpus memory maxmem cpus cpus_soft cpu_weight cap pool vnuma'),
);

/** Of xm, xl's predecessor, and of xen-tools: xl passes over them, and files still have them. */
const XM_KEYS =
  'device_model dhcp ip netmask gateway broadcast hostname nfs_server nfs_root restart on_xend_start on_xend_stop vncconsole vcpu_avail ' +
  'guest_os_type features image audio ne2000 isa netif nics blkif tpmif xen_extended_power_mgmt';

/** Keys that decide neither who runs where nor what memory costs here: docs/man/xl.cfg.5.pod.in. */
export const IGNORED_KEYS: ReadonlySet<string> = new Set(
  list(`
    kernel ramdisk cmdline root extra bootloader bootloader_args disk vif vtpm p9 vfb pci vkb channel rdm usbctrl usbdev vscsi vdispl vsnd
    uuid seclabel init_seclabel device_model_stubdomain_seclabel on_poweroff on_reboot on_watchdog on_crash on_soft_reset boot hdtype
    acpi acpi_s3 acpi_s4 acpi_laptop_slate apic pae nx viridian smbios_firmware acpi_firmware ms_vm_genid localtime rtc_timeoffset
    tsc_mode timer_mode vpt_align hpet stdvga vga videoram gfx_passthru gfx_passthru_kind gfxpassthru opregion rdm_mem_boundary vnc
    vnclisten vncdisplay vncunused vncpasswd vncviewer sdl opengl display xauthority nographic spice spicehost spiceport spicetls_port
    spicedisable_ticketing spicepasswd spiceagent_mouse spicevdagent spice_clipboard_sharing spiceusbredirection
    spice_image_compression spice_streaming_video keymap serial parallel monitor usb usbdevice usbversion soundhw xen_platform_pci
    bios bios_path_override firmware firmware_override system_firmware device_model_version device_model_override
    device_model_stubdomain_override device_model_args device_model_args_pv device_model_args_hvm device_model_user dm_restrict
    stubdomain_kernel stubdomain_ramdisk stubdomain_cmdline stubdomain_memory device_tree passthrough dtdev iomem ioports irqs
    max_grant_frames max_maptrack_frames max_grant_version max_event_channels event_channels nomigrate driver_domain vmtrace_buf_kb
    cpuid msr_relaxed mca_caps e820_host pvshim pvshim_path pvshim_cmdline pvshim_extra mmio_hole suppress_spurious_page_faults
    gic_version vuart arm_sci pci_permissive pci_msitranslate pci_power_mgmt pci_seize tee dom0_mem nr_spis hap invtsc vpmu xend_suspend_evtchn_compat
    nestedhvm nested_hvm shadow_memory claim_mode oos vkb_device pvcalls sve smbios virtio trap_unmapped_accesses xenstore_feature_mask
    ${XM_KEYS}
  `),
);

/** Keys that decide it, and that the model has no place for. */
export const UNSIMULATED_KEYS: ReadonlySet<string> = new Set(
  list('latency period slice extratime budget nodes altp2m altp2mhvm sched_gran llc_colors'),
);

/** xl passes over keys that it does not know: a typing error would then change what is run. */
export function unknownKeys(config: XlConfig): string[] {
  const isKnown = (key: string): boolean => READ_KEYS.has(key) || IGNORED_KEYS.has(key) || UNSIMULATED_KEYS.has(key);
  return [...config.keys()]
    .filter((key) => !isKnown(key))
    .map((key) => `${config.place(key)}${key} (a key that this reader does not know)`);
}
