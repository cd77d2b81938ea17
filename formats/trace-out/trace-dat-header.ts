/**
 * The texts of a trace.dat: the layout of the ring buffer's pages and of each event, as tracefs gives them (events/header_page,
 * events/header_event, events/SYSTEM/EVENT/format). Readers find the fields by these texts. trace-cmd.dat.v6(5); fields and order of
 * include/trace/events/sched.h.
 */
export const PAGE_BYTES = 4096;
export const PAGE_HEADER_BYTES = 16;

export const HEADER_PAGE: string = [
  '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;',
  '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;',
  '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;',
  `\tfield: char data;\toffset:${PAGE_HEADER_BYTES};\tsize:${PAGE_BYTES - PAGE_HEADER_BYTES};\tsigned:1;`,
  '',
].join('\n');

export const HEADER_EVENT: string = [
  '# compressed entry header',
  '\ttype_len    :    5 bits',
  '\ttime_delta  :   27 bits',
  '\tarray       :   32 bits',
  '',
  '\tpadding     : type == 29',
  '\ttime_extend : type == 30',
  '\ttime_stamp : type == 31',
  '\tdata max type_len  == 28',
  '',
].join('\n');

/** Numbers of the events in this file; a kernel gives others, and says so the same way. */
export const SCHED_SWITCH = 300;
export const SCHED_WAKING = 301;
export const SCHED_WAKEUP = 302;
export const SCHED_WAKEUP_NEW = 303;
export const SCHED_MIGRATE_TASK = 304;
export const PAGE_MOVE = 305;
export const SCHED_STAT_RUNTIME = 306;

type Field = readonly [declaration: string, bytes: number, isSigned: boolean];

const COMMON: readonly Field[] = [
  ['unsigned short common_type', 2, false],
  ['unsigned char common_flags', 1, false],
  ['unsigned char common_preempt_count', 1, false],
  ['int common_pid', 4, true],
];
const TASK: readonly Field[] = [
  ['char comm[16]', 16, false],
  ['pid_t pid', 4, true],
  ['int prio', 4, true],
];
const WAKEUP: readonly Field[] = [...TASK, ['int target_cpu', 4, true]];
const WAKEUP_TEXT = '"comm=%s pid=%d prio=%d target_cpu=%03d", REC->comm, REC->pid, REC->prio, REC->target_cpu';
/** TASK_REPORT and the bit above it, by which the kernel marks a task that was preempted. */
const REPORTED = '0xff';
const PREEMPTED = '0x100';
const STATES = ['S', 'D', 'T', 't', 'X', 'Z', 'P', 'I'].map(
  (letter, bit) => `{ 0x${(1 << bit).toString(16).padStart(8, '0')}, "${letter}" }`,
);
const SWITCH_TEXT = [
  '"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> next_comm=%s next_pid=%d next_prio=%d"',
  'REC->prev_comm',
  'REC->prev_pid',
  'REC->prev_prio',
  `(REC->prev_state & ${REPORTED}) ? __print_flags(REC->prev_state & ${REPORTED}, "|", ${STATES.join(', ')}) : "R"`,
  `REC->prev_state & ${PREEMPTED} ? "+" : ""`,
  'REC->next_comm',
  'REC->next_pid',
  'REC->next_prio',
].join(', ');

/** [system, formats of its events]. */
export const EVENT_SYSTEMS: readonly (readonly [string, readonly string[]])[] = [
  [
    'sched',
    [
      eventFormat(
        'sched_switch',
        SCHED_SWITCH,
        [
          ['char prev_comm[16]', 16, false],
          ['pid_t prev_pid', 4, true],
          ['int prev_prio', 4, true],
          ['long prev_state', 8, true],
          ['char next_comm[16]', 16, false],
          ['pid_t next_pid', 4, true],
          ['int next_prio', 4, true],
        ],
        SWITCH_TEXT,
      ),
      eventFormat('sched_waking', SCHED_WAKING, WAKEUP, WAKEUP_TEXT),
      eventFormat('sched_wakeup', SCHED_WAKEUP, WAKEUP, WAKEUP_TEXT),
      eventFormat('sched_wakeup_new', SCHED_WAKEUP_NEW, WAKEUP, WAKEUP_TEXT),
      eventFormat(
        'sched_migrate_task',
        SCHED_MIGRATE_TASK,
        [...TASK, ['int orig_cpu', 4, true], ['int dest_cpu', 4, true]],
        '"comm=%s pid=%d prio=%d orig_cpu=%d dest_cpu=%d", REC->comm, REC->pid, REC->prio, REC->orig_cpu, REC->dest_cpu',
      ),
      eventFormat(
        'sched_stat_runtime',
        SCHED_STAT_RUNTIME,
        [
          ['char comm[16]', 16, false],
          ['pid_t pid', 4, true],
          ['u64 runtime', 8, false],
        ],
        '"comm=%s pid=%d runtime=%Lu [ns]", REC->comm, REC->pid, (unsigned long long)REC->runtime',
      ),
    ],
  ],
  [
    'numalab',
    [
      eventFormat(
        'page_move',
        PAGE_MOVE,
        [
          ['char guest[16]', 16, false],
          ['int block', 4, true],
          ['int from_node', 4, true],
          ['int to_node', 4, true],
          ['int is_return', 4, true],
        ],
        '"guest=%s block=%d from_node=%d to_node=%d is_return=%d", REC->guest, REC->block, REC->from_node, REC->to_node, REC->is_return',
      ),
    ],
  ],
];

function eventFormat(name: string, id: number, fields: readonly Field[], printed: string): string {
  let offset = 0;
  const line = ([declaration, bytes, isSigned]: Field): string => {
    if (bytes <= 8) offset = Math.ceil(offset / bytes) * bytes; // as a compiler aligns them
    const text = `\tfield:${declaration};\toffset:${offset};\tsize:${bytes};\tsigned:${isSigned ? 1 : 0};`;
    offset += bytes;
    return text;
  };
  const common = COMMON.map(line);
  return [`name: ${name}`, `ID: ${id}`, 'format:', ...common, '', ...fields.map(line), '', `print fmt: ${printed}`, ''].join('\n');
}
