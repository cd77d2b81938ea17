import type { Command } from '../command.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { deck, experimentList, experimentRun } from './deck.ts';
import { machineCalibrate } from './machine-calibrate.ts';
import { machineList, machineShow } from './machine.ts';
import { policyCheck } from './policy-check.ts';
import { policyNew } from './policy-new.ts';
import { policyShow } from './policy-show.ts';
import { policyList } from './policy.ts';
import { run } from './run.ts';
import { sweepExec } from './sweep-exec.ts';
import { sweepPlan } from './sweep-plan.ts';
import { sweepRun } from './sweep-run.ts';
import { sweepStatus } from './sweep-status.ts';
import { sweepMerge } from './sweep-merge.ts';
import { validate } from './validate.ts';
import { workloadList } from './workload.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [
  deck,
  run,
  compare,
  sweepRun,
  sweepPlan,
  sweepExec,
  sweepStatus,
  sweepMerge,
  validate,
  experimentList,
  experimentRun,
  check,
  policyList,
  policyShow,
  policyNew,
  policyCheck,
  workloadList,
  machineList,
  machineShow,
  machineCalibrate,
];
