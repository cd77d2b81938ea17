import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { absentPrograms, ended, numalab, type Ended } from '../processes.ts';

const SCRIPT = fileURLToPath(new URL('cluster.sh', import.meta.url));

/** What stands in the way of a Slurm here; null if nothing does. */
export function whyNoCluster(): string | null {
  const absent = absentPrograms(['slurmctld', 'slurmd', 'sbatch', 'munged']);
  if (absent.length > 0) return `not installed: ${absent.join(', ')} (Debian: slurm-wlm, munge)`;
  return process.getuid?.() === 0 ? null : 'only root can start one';
}

export interface Cluster {
  numalab(args: readonly string[]): Promise<Ended>;
  /** A program of Slurm, such as squeue. */
  slurm(program: string, args: readonly string[]): Promise<Ended>;
  /** Kills a node and all that runs there. */
  crash(node: string): Promise<void>;
  startNode(node: string): Promise<void>;
  stop(): Promise<void>;
}

/** Slurm on two nodes, n1 and n2, of one CPU each, on this machine. */
export async function startCluster(settings: { readonly MAX_ARRAY_SIZE: string; readonly SLURMD_TIMEOUT_S: string }): Promise<Cluster> {
  const root = mkdtempSync(join(tmpdir(), 'nl-'));
  const folder = join(root, 'c');
  const environment = { SLURM_CONF: join(folder, 'slurm.conf') };
  const script = async (...args: readonly string[]): Promise<void> => {
    const { code, err } = await ended(SCRIPT, args, settings);
    if (code !== 0) throw new Error(err);
  };
  await script('start', folder);
  return {
    numalab: (args) => numalab(args, environment),
    slurm: (program, args) => ended(program, args, environment),
    crash: (node) => script('crash', folder, node),
    startNode: (node) => script('node', folder, node),
    async stop() {
      await script('stop', folder);
      rmSync(root, { recursive: true });
    },
  };
}
