/**
 * Numbers of the messages and fields of Perfetto that are written. Source: google/perfetto, protos/perfetto/trace/trace_packet.proto@02603952ce,
 * ftrace/{ftrace_event_bundle@016d1f43ed,ftrace_event@038b48ca70,sched@4c94967339}.proto, ps/process_tree.proto, clock_snapshot.proto@246b14de88, track_event/{track_descriptor,counter_descriptor,process_descriptor,thread_descriptor,
 * track_event,debug_annotation}.proto; child_ordering, sibling_order_rank, unit_name and y_axis_share_key as of @ec5d16b.
 */
export const TRACE = { packet: 1 } as const;
export const PACKET = {
  ftrace: 1,
  processTree: 2,
  clockSnapshot: 6,
  timestamp: 8,
  sequence: 10,
  trackEvent: 11,
  trackDescriptor: 60,
} as const;
export const CLOCKS = { clock: 1 } as const;
export const CLOCK = { id: 1, timestamp: 2, monotonic: 3, boottime: 6 } as const;
export const BUNDLE = { cpu: 1, event: 2 } as const;
export const FTRACE = { timestamp: 1, pid: 2, schedSwitch: 4, schedWaking: 20, schedProcessFree: 240 } as const;
export const SCHED_SWITCH = { prevComm: 1, prevPid: 2, prevPrio: 3, prevState: 4, nextComm: 5, nextPid: 6, nextPrio: 7 } as const;
/** As the kernel writes them: TASK_RUNNING, TASK_INTERRUPTIBLE, EXIT_DEAD (include/linux/sched.h). */
export const PREV_STATE = { runnable: 0, sleeping: 1, dead: 16 } as const;
export const WAKE = { comm: 1, pid: 2, prio: 3, targetCpu: 5 } as const;
export const TREE = { processes: 1, threads: 2 } as const;
export const TREE_PROCESS = { pid: 1, ppid: 2, cmdline: 3 } as const;
export const TREE_THREAD = { tid: 1, name: 2, pid: 3 } as const;
export const TRACK = { uuid: 1, name: 2, process: 3, thread: 4, parent: 5, counter: 8, childOrdering: 11, rank: 12 } as const;
export const EXPLICIT = 3;
export const PROCESS = { pid: 1, name: 6 } as const;
export const THREAD = { pid: 1, tid: 2, name: 5 } as const;
export const COUNTER = { unit: 6, shareKey: 7 } as const;
export const EVENT = { annotations: 4, type: 9, track: 11, name: 23, double: 44, flow: 47 } as const;
export const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
export const ANNOTATION = { uint: 3, text: 6, name: 10 } as const;
