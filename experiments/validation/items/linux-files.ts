/**
 * rt-app files that were run on a real Linux, without their settings that have no effect here. Their tasks are held on the CPUs they name.
 */
const file = (tasks: object): string =>
  JSON.stringify({ tasks, global: { duration: 10, calibration: 'CPU0', default_policy: 'SCHED_OTHER' } });

export const LINUX_FILES: Readonly<Record<string, string>> = {
  'w1-four-on-two': file({ t: { instance: 4, loop: -1, run: 2000, sleep: 1000, cpus: [0, 1] } }),
  'w2-nice': file({ a: { loop: -1, run: 10000, cpus: [0] }, b: { loop: -1, run: 10000, priority: 5, cpus: [0] } }),
  'w4-hog-and-periodic': file({
    hog: { loop: -1, run: 10000, cpus: [0] },
    p: { loop: -1, run: 1000, timer: { ref: 'tick', period: 10000 }, cpus: [0] },
  }),
  'w6-seven-hogs-one-cpu': file({ h: { instance: 7, loop: -1, run: 10000, cpus: [0] } }),
};
