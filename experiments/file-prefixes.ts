/** What stands before a file that a workload is read from: `workload: rt-app:FILE`. */
export const FILE_PREFIXES = ['rt-app', 'trace', 'perf-stat'] as const;
export type FilePrefix = (typeof FILE_PREFIXES)[number];
