import { shellQuote } from './shell.ts';

/** How many times a task is put into the queue again before it is left to a person. */
export const MOST_RESTARTS = 3;

/**
 * The script of every array: `$1` names the array, and line SLURM_ARRAY_TASK_ID + 1 of slurm/$1.tasks holds the indices to run.
 * Whether a task is to run again is decided here and not by RequeueExit, which a user cannot set. It is put into the queue by array and
 * number: the job id of one of the tasks is that of the array, and would have Slurm start all of them again.
 * @param exec what runs indices, which it is given after all else
 */
export function jobScript(folder: string, exec: readonly string[]): string {
  return `#!/usr/bin/env bash
#SBATCH --requeue
#SBATCH --open-mode=append
# Written by numalab sweep run --engine slurm. Exit codes of sweep exec: 75 is "try again", over 128 was killed; 130 and 143 were asked for.
folder=${shellQuote(folder)}
task=\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

indices=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$folder/slurm/$1.tasks")
if [ -n "$indices" ]; then
  ${exec.map(shellQuote).join(' ')} "$indices"
  code=$?
  case $code in
    75) again="runs $indices: exit 75" ;;
    130 | 143) exit $code ;;
    *) [ $code -gt 128 ] || exit $code; again="runs $indices: killed by signal $((code - 128))" ;;
  esac
else
  again="slurm/$1.tasks cannot be read"
fi

echo "numalab: task $task on $SLURMD_NODENAME, \${SLURM_RESTART_COUNT:-0} restarts, is to run again: $again" >&2
if [ "\${SLURM_RESTART_COUNT:-0}" -lt ${MOST_RESTARTS} ]; then
  scontrol requeue "$task" && exit 0
fi
exit 75
`;
}
