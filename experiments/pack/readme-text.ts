import type { Manifest } from '../sweep/manifest.ts';
import { README_HEAD } from './pack-traces.ts';

/** What a reader of a pack needs to know, and the commands to type. */
export function readmeText({ version, code, commit, plan, policies, files, runs }: Manifest, results: number): string {
  const nodeMajor = /\.node(\d+)$/.exec(code)?.[1] ?? 'unknown';
  const inputs = [
    ...policies.map(({ file, sha256 }, i) => `  ${sha256.slice(0, 12)}...  the policy ${file}; its sources are in policies/${i}\n`),
    ...files.map(({ name, sha256 }) => `  ${sha256.slice(0, 12)}...  the file ${name}\n`),
  ];
  return `${README_HEAD}${runs.length} simulated runs, and the results of ${results} of them.

Made by    numalab ${version}, code ${code}${commit === null ? '' : `, commit ${commit}`}
Node       major version ${nodeMajor}
Plan       plan.yaml (was ${plan.name})

manifest.json    the runs, each with an id of all that its result depends on
plan.yaml        what was asked for
inputs/          policies and files of the study's own, each under its SHA-256
${inputs.join('')}policies/        sources of these policies, to be read
runs/            a result for each run, with a hash of its own
results.parquet  all results in one table; results.csv has the same rows
COLUMNS.md       what the columns and metrics of the table mean
SHA256SUMS       of all files here; sha256sum -c SHA256SUMS checks them

To check it, with Node ${nodeMajor} and numalab ${version}, in this folder:

  numalab verify .              reruns 10 runs
  numalab verify . --runs ${runs.length}   reruns all

To make all results again, and the tables from them:

  rm -r runs results.parquet results.csv
  numalab sweep run .
  numalab sweep merge .
  sha256sum -c SHA256SUMS

What to expect: the same code on the same major version of Node gives the same bytes, on any machine, for any number of workers. Other code,
or another Node, need not: the last digit of a logarithm may differ, and a fault may have been mended. Then verify compares a figure of the
rerun with those the study has for the same words and other seeds, and says whether it lies within the interval in which chance alone
would leave it.

Policies of the study's own are programs. numalab runs them behind a wall: without files, network, clock, or the rest of the machine.
`;
}
