import { assert } from './assert.ts';
import type { HostKernel } from './host-kernel.ts';
import type { HostMemory } from './memory.ts';
import { checkCopies, checkPages } from './page-checks.ts';
import { TASK_BLOCKED, TASK_OFF, TASK_ON_VCPU, TASK_READY, TASK_SLEEPING, VCPU_BLOCKED, VCPU_RUNNABLE, VCPU_RUNNING } from './states.ts';
import type { World } from './world.ts';

const MEMORY_EVERY = 64;

/** One vCPU a CPU and one CPU a vCPU, inside its mask; idle CPUs have none; nothing is overdue. */
function checkCpus(w: World): void {
  const { cpuVcpu, vcpuCpu, vcpuState, finishNs, sliceEndNs, nowNs } = w;
  for (let cpu = 0; cpu < cpuVcpu.length; cpu++) {
    const vcpu = cpuVcpu[cpu]!;
    if (vcpu === -1) {
      assert(finishNs[cpu] === Infinity && sliceEndNs[cpu] === Infinity, 'an idle CPU is due something');
      continue;
    }
    assert(vcpuCpu[vcpu] === cpu && vcpuState[vcpu] === VCPU_RUNNING, 'a CPU runs a vCPU that is elsewhere');
    assert(w.masks.allowed[w.vcpuMask[vcpu]!]![cpu] === 1, 'a vCPU runs outside its hard mask');
    const dueNs = Math.min(finishNs[cpu]!, w.faultNs[cpu]!, sliceEndNs[cpu]!, w.guestSliceEndNs[cpu]!);
    assert(w.dueNs[cpu] === dueNs, 'a CPU has the wrong due time');
    assert(w.faultNs[cpu]! > nowNs, 'a CPU missed a fault');
    assert(finishNs[cpu]! > nowNs && finishNs[cpu]! < Infinity && sliceEndNs[cpu]! > nowNs, 'a CPU missed what was due');
  }
}

/**
 * Everything that must hold at every instant, looked at in full: in tests. What can be checked where it changes, at O(1), is
 * asserted there and always on: time goes forward (advance), a vCPU starts where it may (host.ts), nothing is overdue (segments.ts).
 */
export function checkWorld(w: World, k: HostKernel): void {
  checkCpus(w);
  checkVcpus(w, k);
  checkTasks(w);
  w.contention.certify();
  if (w.instants % MEMORY_EVERY > 0) return;
  checkMemory(w);
  checkCopies(w);
  checkPages(w);
}

/** Looked at once when a run ends, in every run: blocks and traffic are conserved. */
export function checkEnd(w: World): void {
  w.contention.certify();
  checkMemory(w);
  checkCopies(w);
}

function checkVcpus(w: World, k: HostKernel): void {
  let running = 0;
  for (let vcpu = 0; vcpu < w.vcpuState.length; vcpu++) {
    const state = w.vcpuState[vcpu];
    const isQueued = k.isQueued(vcpu);
    if (state === VCPU_RUNNING) running++;
    assert(isQueued === (state === VCPU_RUNNABLE), 'a vCPU is queued exactly while it is runnable');
    assert((w.vcpuTask[vcpu] === -1) === (state === VCPU_BLOCKED), 'a vCPU is blocked exactly while its guest has no task for it');
  }
  const busy = w.cpuVcpu.reduce((count, vcpu) => count + (vcpu >= 0 ? 1 : 0), 0);
  assert(running === busy, 'running vCPUs and busy CPUs differ in number');
}

function checkTasks(w: World): void {
  for (const guest of w.guests) {
    let queued = 0;
    for (let queue = guest.firstQueue; queue < guest.firstQueue + guest.topology.vnodes; queue++) {
      for (const task of w.ready.members(queue)) assert(w.taskState[task] === TASK_READY, 'a task is queued that is not ready');
      queued += w.ready.lengths[queue]!;
    }
    let ready = 0;
    let live = 0;
    let waiting = 0;
    for (let task = guest.firstTask; task < guest.firstTask + guest.taskCount; task++) {
      const state = w.taskState[task];
      if (state !== TASK_OFF) live++;
      if (state === TASK_READY) ready++;
      if (state === TASK_BLOCKED || w.isSpinning[task] === 1) waiting++;
      if (state === TASK_ON_VCPU) assert(w.vcpuTask[w.taskVcpu[task]!] === task, 'a task is not on its vCPU');
      assert(
        state === TASK_OFF || state === TASK_READY || state === TASK_ON_VCPU || state === TASK_SLEEPING || state === TASK_BLOCKED,
        'a task is in no known state',
      );
    }
    assert(ready === queued && live === guest.liveTasks && waiting === guest.waitingTasks, 'a guest miscounts its tasks');
    if (queued > 0) {
      for (let vcpu = guest.firstVcpu; vcpu < guest.firstVcpu + guest.vcpuCount; vcpu++) {
        assert(w.vcpuTask[vcpu] !== -1, 'a vCPU has no task while its guest has one waiting');
      }
    }
  }
}

function checkMemory(w: World): void {
  const { memory } = w;
  const N = w.scenario.machine.nodeCount;
  for (let node = 0; node < N; node++) {
    let used = 0;
    for (let guest = 0; guest < w.guests.length; guest++) used += memory.guestNodeBlocks[guest * N + node]!;
    assert(
      used + memory.nodeCache[node]! + memory.nodeFree[node]! + (w.replicas?.nodeBlocks[node] ?? 0) === memory.nodeBlocks[node] &&
        memory.nodeCache[node]! >= 0 &&
        memory.nodeFree[node]! >= 0,
      'blocks of a node are lost or doubled',
    );
  }
  for (let guest = 0; guest < w.guests.length; guest++) {
    const first = memory.firstRegion[guest]!;
    let free = memory.guestBlocks.count[guest]!;
    for (let region = first; region < first + w.guests[guest]!.regionCount; region++) {
      checkRegion(memory, N, guest, region);
      free -= memory.regionBlocks[region]!;
    }
    assert(free === memory.guestBlocks.free[guest], 'a guest miscounts its free blocks');
  }
}

function checkRegion(memory: HostMemory, nodeCount: number, guest: number, region: number): void {
  let blocks = 0;
  const counts = new Int32Array(nodeCount);
  for (let block = memory.regionHead[region]!; block >= 0; block = memory.nextOf(guest, block)) {
    blocks++;
    if (memory.isBacked(block)) counts[memory.nodeOf(block)]!++;
  }
  assert(blocks === memory.regionBlocks[region], 'blocks of a region are lost or doubled');
  for (let node = 0; node < nodeCount; node++) {
    assert(counts[node] === memory.regionNodeBlocks[region * nodeCount + node], 'a region miscounts its blocks by node');
  }
}
