/**
 * Numbers of the messages and fields of Perfetto that are written. Source: google/perfetto, protos/perfetto/trace/trace_packet.proto@02603952ce,
 * generic_kernel/generic_task.proto@155712a89b, track_event/{track_descriptor,counter_descriptor,process_descriptor,thread_descriptor,
 * track_event,debug_annotation}.proto; child_ordering, sibling_order_rank, unit_name and y_axis_share_key as of @ec5d16b.
 */
export const TRACE = { packet: 1 } as const;
export const PACKET = {
  timestamp: 8,
  sequence: 10,
  trackEvent: 11,
  trackDescriptor: 60,
  taskState: 117,
  processTree: 122,
} as const;
export const TASK_STATE = { cpu: 1, comm: 2, tid: 3, state: 4 } as const;
export const STATE = { runnable: 2, running: 3, sleeping: 4, dead: 7 } as const;
export const TREE = { processes: 1, threads: 2 } as const;
export const TREE_PROCESS = { pid: 1, ppid: 2, cmdline: 3 } as const;
export const TREE_THREAD = { tid: 1, pid: 2, comm: 3 } as const;
export const TRACK = { uuid: 1, name: 2, process: 3, thread: 4, parent: 5, counter: 8, childOrdering: 11, rank: 12 } as const;
export const EXPLICIT = 3;
export const PROCESS = { pid: 1, name: 6 } as const;
export const THREAD = { pid: 1, tid: 2, name: 5 } as const;
export const COUNTER = { unit: 6, shareKey: 7 } as const;
export const EVENT = { annotations: 4, type: 9, track: 11, name: 23, double: 44, flow: 47 } as const;
export const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
export const ANNOTATION = { uint: 3, text: 6, name: 10 } as const;
