/**
 * Files of other tools as a library: `import { readHwlocXml } from 'numalab/formats'`. Readers take a text and throw a FormatError with line
 * and column; nothing here opens a file, runs anything, or knows of the simulator. docs/formats.md says what each understands.
 */
export { FormatError } from './format-error.ts';

// Machines
export { readHwlocSynthetic } from './hwloc/synthetic.ts';
export { readHwlocXml } from './hwloc/xml.ts';
export { writeHwlocXml } from './hwloc/xml-writer.ts';
export { readNumactl, writeNumactl } from './numactl/numactl.ts';
export { isSysfsFile, readSysfs } from './sysfs/sysfs.ts';
export type { Topology, TopologyNode } from './topology.ts';
export { bunzip2 } from './sysfs/bunzip2.ts';
export { isTar, readTarFiles } from './sysfs/tar.ts';
export { type MlcCell, type MlcPoint, type MlcReport, looksLikeMlc, readMlc } from './mlc.ts';

// Guests
export type { CpuChoice, GuestCell, GuestDescription, MemoryBinding } from './guest-description.ts';
export { guessGuestFormat, type GuestFormat, guestFormats } from './guest-formats.ts';
export { looksLikeLibvirt, readLibvirt, readLibvirtDomains } from './libvirt/libvirt.ts';
export { writeLibvirtFragments } from './libvirt/writer.ts';
export { looksLikeQemu, readQemu, readQemuCommands } from './qemu/qemu.ts';
export { writeQemuOptions } from './qemu/writer.ts';
export { looksLikeVng, readVng } from './qemu/vng.ts';
export { looksLikeXlConfig, readXlConfig, readXlConfigs } from './xl/config.ts';
export { writeXlLines } from './xl/writer.ts';
/** Commands that place one guest; `writeNumactl` writes a machine. */
export { type HostNode, writeNumactl as writeNumactlCommands } from './numactl/writer.ts';

// Workloads
export { type Json, type JsonMember, type LenientJson, parseLenientJson } from './rt-app/lenient-json.ts';
export { type RtAppEvent, type RtAppFile, type RtAppPhase, type RtAppSettings, type RtAppTask, readRtApp } from './rt-app/rt-app.ts';
export { logUs, readRtAppLog, type RtAppLog, rtAppLogName, type RtAppLogPolicy, type RtAppLogRow, writeRtAppLog } from './rt-app/log.ts';
export { countOf, type PerfCount, type PerfStat, readPerfStat } from './trace-in/perf-stat.ts';
export { looksLikePerfScript, readPerfScript } from './trace-in/perf-script.ts';
export { looksLikeTimehist, readTimehist } from './trace-in/timehist.ts';
export { looksLikeTraceCmd, readTraceCmdReport } from './trace-in/trace-cmd-report.ts';
export { readTrace } from './trace-in/trace-text.ts';
export type { SchedEvent, SchedTrace, Stretch, Timehist, TraceThread } from './trace-in/sched-trace.ts';
export { type TaskFilter, tasksOfTimehist, tasksOfTrace, type TraceStep, type TraceTask, type TraceTasks } from './trace-in/trace-tasks.ts';

// Schedules: each takes the stream of a run, and writes as it comes
export type { TraceEvents, TraceGuest, TraceSink, TraceTable } from '../sim/trace-events.ts';
export { ChromeTrace } from './trace-out/chrome-trace.ts';
export { PerfScriptText } from './trace-out/perf-script-writer.ts';
export { PerfettoTrace } from './trace-out/perfetto.ts';
export { type PlacedBytes, TraceDat } from './trace-out/trace-dat.ts';
export type { WriteBytes } from './trace-out/output-buffer.ts';
