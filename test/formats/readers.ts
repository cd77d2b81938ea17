import { readFileSync } from 'node:fs';
import { importGuests } from '../../experiments/guest-import.ts';
import { importMachine } from '../../experiments/machine-import/import-machine.ts';
import { perfStat } from '../../experiments/perf-stat-guest.ts';
import { rtApp } from '../../experiments/rt-app/guest.ts';
import { trace } from '../../experiments/trace-guest.ts';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { readMachineFile } from '../../experiments/machine-file.ts';
import { readHwlocSynthetic } from '../../formats/hwloc/synthetic.ts';
import { readHwlocXml } from '../../formats/hwloc/xml.ts';
import { readQemu, readQemuCommands } from '../../formats/qemu/qemu.ts';
import { readVng } from '../../formats/qemu/vng.ts';
import { readLibvirt, readLibvirtDomains } from '../../formats/libvirt/libvirt.ts';
import { readXlConfig, readXlConfigs } from '../../formats/xl/config.ts';
import { readMlc } from '../../formats/mlc.ts';
import { readNumactl } from '../../formats/numactl/numactl.ts';
import { isSysfsFile, readSysfs } from '../../formats/sysfs/sysfs.ts';
import { readTarFiles } from '../../formats/sysfs/tar.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { dumpOf, smallDump, tarOf } from './sysfs-fixture.ts';
import { parseLenientJson } from '../../formats/rt-app/lenient-json.ts';
import { readRtAppLog } from '../../formats/rt-app/log.ts';
import { readRtApp } from '../../formats/rt-app/rt-app.ts';
import { readPerfScript } from '../../formats/trace-in/perf-script.ts';
import { readPerfStat } from '../../formats/trace-in/perf-stat.ts';
import { readTimehist } from '../../formats/trace-in/timehist.ts';
import { readTraceCmdReport } from '../../formats/trace-in/trace-cmd-report.ts';
import { tasksOfTimehist, tasksOfTrace } from '../../formats/trace-in/trace-tasks.ts';

/** Every reader of another tool's file, with small sound inputs to begin from: what the fuzzing of test/long/formats.long.ts goes through. */
export interface FuzzedReader {
  readonly name: string;
  /** What it makes of them does not matter; it may only throw a RangeError of one line. */
  read(bytes: Uint8Array): unknown;
  readonly seeds: readonly Uint8Array[];
}

/** A text of the folder `fixtures`, as its bytes. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

export const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const inScenario = { words: {}, options: new Map<string, string>(), machines: [lopsided], isLenient: true };

/** Not bzip2: its sums refuse every change, so that test/formats/bunzip2.test.ts changes each byte instead. */
export const fuzzedReaders: readonly FuzzedReader[] = [
  {
    name: 'mlc',
    read: (bytes) => readMlc(asText(bytes)),
    seeds: [
      bytesOf(
        'Measuring idle latencies (in ns)...\n\t\tNuma node\nNuma node\t     0\t     1\n       0\t  81.5\t 139.2\n       1\t 141.0\t  80.1\n',
      ),
    ],
  },
  {
    name: 'numactl',
    read: (bytes) => readNumactl(asText(bytes)),
    seeds: [
      bytesOf(`${'$ lscpu\nCPU(s): 5\n'.repeat(100)}${asText(fixture('sparse.numactl.txt'))}`),
      bytesOf('available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 5 MB\nNo distance information available.\n'),
    ],
  },
  {
    name: 'sysfs in a tar',
    read: (bytes) => readSysfs(readTarFiles(bytes, isSysfsFile)),
    seeds: [tarOf(dumpOf({ nodes: [{ ...smallDump.nodes[1]!, distances: [10] }] }))],
  },
  {
    name: 'sysfs', // without the sums of an archive, which refuse most changes
    read: (bytes) => readSysfs(new Map(asText(bytes).split('\x01').map((file) => file.split('\x02') as [string, string]).filter(({ length }) => length === 2))), // prettier-ignore
    seeds: [bytesOf([...dumpOf(smallDump)].map((file) => file.join('\x02')).join('\x01'))],
  },
  {
    name: 'machine file',
    read: (bytes) => readMachineFile('machine.yaml', asText(bytes), []),
    seeds: [bytesOf(machineFileText(lopsided))],
  },
  { name: 'hwloc-xml', read: (bytes) => readHwlocXml(asText(bytes)), seeds: [fixture('hwloc-v1.xml'), fixture('hwloc-v2.xml')] },
  {
    name: 'hwloc-synthetic',
    read: (bytes) => readHwlocSynthetic(asText(bytes)),
    seeds: [
      bytesOf('pack:4 group:2 [numa(memory=16GB)] core:6 pu:1'),
      bytesOf('numa:2(memory=1GB indexes=5,3) l3:1(size=8MB) core:4 pu:2(indexes=numa:core)'),
      bytesOf('[numa] 2 3(indexes=1*2:2*3) 4'),
      bytesOf('2 3 4'), // short ones, most of whose mutations are read: there is little to spare in this format
      bytesOf('pack:1          numa:1          core:1          pu:1          '),
    ],
  },
  {
    name: 'qemu',
    read: (bytes) => readQemu(asText(bytes)),
    seeds: [
      fixture('qemu-lopsided.sh'),
      bytesOf(
        `numactl -N 1 -m 0 qemu-kvm -smp 8,sockets=2,cores=2,threads=2 -m 1000 -numa node,mem=600 -numa node,mem=400 -numa cpu,node-id=0,socket-id=1 -numa cpu,node-id=1,socket-id=0 -numa hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-latency,latency=5`,
      ),
      bytesOf(
        `-m 1G -object '{"qom-type":"memory-backend-ram","id":"r","size":1073741824,"host-nodes":[0,3],"policy":"bind"}' -machine memory-backend=r`,
      ),
    ],
  },
  {
    name: 'vng',
    read: (bytes) => readVng(asText(bytes)),
    seeds: [
      bytesOf("vng -v --cpus 6,sockets=2,cores=3 -m 5G --numa 4G,cpus=0-2,cpus=5 --numa=1G,cpus=3-4 --numa-distance 0,1=51 -- 'uname -r'"),
    ],
  },
  {
    name: 'qemu, several',
    read: (bytes) => readQemuCommands(asText(bytes)),
    seeds: [
      bytesOf('# guest a\ntaskset -c 0 qemu-kvm -name a -smp 2 -m 1G\n\n# guest b\n-smp 3 -m 2G\nkvm -m 3G\n'),
      bytesOf('MEM=3\nqemu-kvm -m "${MEM}G" -drive file=$(ls | head -1),id=`id` -append "$1" 2>&1 >log | tee x &\n'),
      bytesOf('2019-04-03 13:02:03.456+0000: starting up libvirt\nLC_ALL=C \\\n/usr/bin/kvm \\\n-realtime mlock=on \\\n-m 5\n2019 end\n'),
      bytesOf('kvm\0-m\x0007G\0-device\0vfio-pci,host=3\0'),
    ],
  },
  {
    name: 'libvirt, several',
    read: (bytes) => readLibvirtDomains(asText(bytes)),
    seeds: [bytesOf(`<domains>${[1, 2].map((vcpus) => `<domain type="kvm"><memory>640</memory><vcpu>${vcpus}</vcpu></domain>`).join('')}</domains>`)], // prettier-ignore
  },
  {
    name: 'xl, several',
    read: (bytes) => readXlConfigs(asText(bytes)),
    seeds: [bytesOf('# guest a\nname = "a"\nmemory = 64\n\n# guest b\n# a note\nname = "b"\nmemory = 32\ncpus = "0-2"\n')],
  },
  { name: 'libvirt', read: (bytes) => readLibvirt(asText(bytes)), seeds: [fixture('libvirt-cells.xml')] },
  { name: 'xl', read: (bytes) => readXlConfig(asText(bytes)), seeds: [fixture('xl-vnuma.cfg')] },
  {
    name: 'lenient-json',
    read: (bytes) => parseLenientJson(asText(bytes)),
    seeds: [bytesOf(`{/* a */ "b": [1, -2.5e3, 'c', "\\u00e9\\n",], // d\n"e": {"f": TRUE, "f": null}, }`)],
  },
  {
    name: 'rt-app',
    read: (bytes) => readRtApp(asText(bytes)),
    seeds: [fixture('every-event.rt-app.json'), fixture('phases.rt-app.json')],
  },
  {
    name: 'rt-app-log',
    read: (bytes) => readRtAppLog(asText(bytes)),
    seeds: [fixture('rt-app-web-1.log')],
  },
  {
    name: 'perf script',
    read: (bytes) => tasksOfTrace(readPerfScript(asText(bytes))),
    seeds: [
      fixture('three-threads.perf-script.txt'),
      bytesOf('Warning:\nlost 4 chunks\na 7/8 [2] 5.01: PERF_RECORD_COMM exec: b:7/8\na 7/8 [2] 5.02:  9 cpu_core/cycles/P:  ff f\na 7/8 [2] 5.03: sched:sched_waking: comm=c pid=9 prio=120 target_cpu=1\n'), // prettier-ignore
    ],
  },
  {
    name: 'trace-cmd report',
    read: (bytes) => tasksOfTrace(readTraceCmdReport(asText(bytes))),
    seeds: [
      fixture('three-threads.trace-cmd.txt'),
      bytesOf(
        '$ atrace\n# tracer: nop\n#  _--=> irqs-off\n# / _-=> need-resched\n# |/ _=> need-resched-lazy\n# || / _-=> hardirq/softirq\n' +
          'a-7 (  5) [002] d..h213 5.01: sched_waking: comm=c pid=9 prio=98 target_cpu=002\na-7 (  5) [002] d...2.. 5.02: mutex_unlock <-x\n' +
          'a-7 (-----) [002] d...2.. 5.03: sched_switch: (__probestub+0x4) a=1\na-7 (  5) [002] d...2.. 5.04: <stack trace>\n => schedule\n',
      ),
    ],
  },
  {
    name: 'perf sched timehist',
    read: (bytes) => tasksOfTimehist(readTimehist(asText(bytes))),
    seeds: [
      fixture('two-threads.timehist.txt'),
      bytesOf(
        '   time    cpu  012  task name   prio  wait time  sch delay   run time  pre-mig time\n' +
          '  5.000100 [0001]   s   ab c[9/7]  120->125  1.250  0.030  0.070  0.020\n  5.000200 [0002]    s  <idle>   0.000 0.000 0.030  0.000\n',
      ),
    ],
  },
  {
    name: 'perf stat',
    read: (bytes) => readPerfStat(asText(bytes)),
    seeds: [
      bytesOf(
        " Performance counter stats for 'a':\n\n  1,234.56 msec task-clock:u  #  2.345 CPUs utilized ( +-  0.12% )\n  7,654,321  cycles  (66.70%)\n" +
          '  <not supported>  LLC-loads\n\n  0.526 +- 0.001 seconds time elapsed  ( +-  4.71% )\n  1.22 seconds user\n',
      ),
      bytesOf('0.34,msec,task-clock,338466,100.00,0.606,CPUs utilized\n901,,cpu/event=0x3c,umask=0x1/,1.5%,338466,25.00,,\n'),
      bytesOf("ran 3 times\n Performance counter stats for 'CPU(s) 0-3':\n\n  <not counted> cpu_atom/cycles/ (0.00%)\n  7 654 cpu_core/cycles/\n  12,5 task-clock (msec)\n  TopdownL1 (cpu_core)  #  66.1 %  tma_x\n"), // prettier-ignore
      bytesOf('8012,41;msec;task-clock;5;66,66;3,9;CPUs\n;;;;;0,23;stalled\n'),
      bytesOf('{"counter-value" : "12345.0", "unit" : "", "event" : "instructions", "event-runtime" : 7, "pcnt-running" : 40.00}\n'),
    ],
  },
  // What comes after the readers: their files become machines, guests and workloads.
  {
    name: 'machine of a description',
    read: (bytes) => {
      const text = asText(bytes);
      const topology = text.startsWith('<') ? readHwlocXml(text) : readNumactl(text);
      return machineFileText(importMachine(topology, { name: 'm', from: 'a file', like: null, presets: [lopsided] }).spec);
    },
    seeds: [fixture('hwloc-v2.xml'), fixture('sparse.numactl.txt')],
  },
  {
    name: 'guest of any format',
    read: (bytes) => importGuests({ name: 'file', text: asText(bytes) }, null, lopsided, new Set()),
    seeds: [
      bytesOf('qemu-kvm -smp 3 -m 640 -object memory-backend-ram,id=r,size=384M,host-nodes=0,policy=bind -object memory-backend-ram,id=s,size=256M -numa node,cpus=0-1,memdev=r -numa node,cpus=2,memdev=s -numa dist,src=0,dst=1,val=17'), // prettier-ignore
      bytesOf('<domain type="kvm"><name>a</name><memory unit="MiB">640</memory><vcpu cpuset="0-2">3</vcpu><cputune><shares>2048</shares><vcpupin vcpu="1" cpuset="1"/></cputune></domain>'), // prettier-ignore
      bytesOf('name = "b"\nmemory = 640\nvcpus = 3\ncpus = ["0", "all,^1", "nodes:0"]\ncpu_weight = 300\ncap = 150\n'),
      bytesOf('vng --cpus 3 -m 640M --numa 384M,cpus=0-1 --numa 256M,cpus=2'),
    ],
  },
  {
    name: 'workload of an rt-app file',
    read: (bytes) => rtApp.expand('a.json', asText(bytes), inScenario),
    seeds: [
      fixture('every-event.rt-app.json'),
      bytesOf('{"tasks": {"a": {"instance": 3, "loop": 2, "fork": "b", "timer": {"ref": "unique", "period": 7}}, "b": {"instance": 0, "phases": {"p": {"loop": 3, "barrier": "x", "mem": 5}, "q": {"run": 2, "cpus": [1, 0]}}}}}'), // prettier-ignore
    ],
  },
  {
    name: 'workload of a trace of any kind',
    read: (bytes) => trace.expand('a.txt', asText(bytes), inScenario),
    seeds: ['three-threads.perf-script.txt', 'three-threads.trace-cmd.txt', 'two-threads.timehist.txt'].map(fixture),
  },
  {
    name: 'workload of perf stat',
    read: (bytes) => perfStat.expand('a.txt', asText(bytes), inScenario),
    seeds: [
      bytesOf('  1,234.56 msec task-clock\n  7,654,321  cycles\n  9,876,543  instructions\n  54,321  LLC-loads\n  4,321  LLC-load-misses\n  987  LLC-stores\n  65  LLC-store-misses\n  0.526 seconds time elapsed\n'), // prettier-ignore
    ],
  },
];
