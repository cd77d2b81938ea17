import { type CpuPolicy, type Daemon, DSQ_LOCAL, DEFAULT_WEIGHT, type Kernel } from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, NONE, type NodeId, type VcpuId } from '../../sim/units.ts';
import { balanceNodes, type Candidate, type Domain, dutyCycles, type DutyCycles } from './rusty-balance.ts';

export interface RustyOptions {
  readonly sliceUnderutilNs: number;
  readonly sliceOverutilNs: number;
  readonly intervalNs: number;
  readonly tuneIntervalNs: number;
  readonly loadHalfLifeNs: number;
  readonly greedyThreshold: number;
  readonly greedyThresholdXNuma: number;
  /** Shares of use below which a domain takes vCPUs directly, and is told to steal; from 1 on always. */
  readonly directGreedyUnder: number;
  readonly kickGreedyUnder: number;
  readonly directGreedyNuma: boolean;
  readonly isFifo: boolean;
  readonly balancesLoad: boolean;
}

/** What a run counts as when nothing is known of how often a vCPU wakes others: the weight of nice 19. */
const LEAST_LATENCY_WEIGHT = 15;
const FULLY_UTILIZED = 0.99999;

/**
 * Domains of CPUs with a queue each, by deadline; a vCPU belongs to one and rarely leaves it: when all its CPUs are busy and another
 * domain of its node has an idle one, when a CPU without work steals, across nodes only if told to, or when the load balancer in user
 * space gives it to another domain, which takes effect when it is next queued. A domain is a node here, whose CPUs share a last-level
 * cache, so all other domains are across nodes.
 * After: sched-ext/scx scheds/rust/scx_rusty @7a58a3a1a: src/bpf/main.bpf.c, src/tuner.rs, src/load_balance.rs. Not modelled: the
 * boost of vCPUs that wake others and are woken often (all have the least), synchronous wakes, weights too large to be served
 * (infeasible.rs), idle SMT cores before idle threads, kernel threads, mempolicy_affinity; loads are summed by vCPU and not by bucket of
 * weights. It steals across nodes from queues of at least the threshold, as its help says; a new vCPU's
 * domain is the next in turn. As there, all that a vCPU ran since it woke counts as one request, so weights tell little among those that
 * never sleep.
 */
export function rusty(options: RustyOptions): { readonly cpu: CpuPolicy; readonly daemons: readonly Daemon[] } {
  let domainOf = new Int32Array(0); //       [vcpu] or NONE
  let targetOf = new Int32Array(0); //       [vcpu] domain the balancer wants it in
  let isDirect = new Uint8Array(0); //       [vcpu] selectCpu found it an idle CPU
  let vtime = new Float64Array(0); //        [vcpu]
  let deadline = new Float64Array(0); //     [vcpu]
  let averageRunNs = new Float64Array(0); // [vcpu]
  let runSinceWakeNs = new Float64Array(0); // [vcpu]
  let lastRunNs = new Float64Array(0); //    [vcpu] when it started to run
  let minVtime = new Float64Array(0); //     [node]
  let takesDirect = new Uint8Array(0); //    [node]
  let isKicked = new Uint8Array(0); //       [node]
  let busyNs = new Float64Array(0); //       [cpu] since the last tuning
  let busySinceNs = new Float64Array(0); //  [cpu] when what runs there started, or tuning did
  let sliceNs = options.sliceUnderutilNs;
  let rotor = 0;
  let duty: DutyCycles;

  const isAnywhere = (k: Kernel, vcpu: VcpuId): boolean => k.nrAllowed(vcpu) === k.cpuCount;

  /** The next domain in turn that it may use. */
  function pickDomain(k: Kernel, vcpu: VcpuId): NodeId {
    for (let i = 0; i < k.nodeCount; i++) {
      const node = (rotor++ % k.nodeCount) as NodeId;
      if (k.allowsNode(vcpu, node)) return node;
    }
    return k.cpuNode(k.taskCpu(vcpu));
  }

  function setDomain(k: Kernel, vcpu: VcpuId, node: NodeId): void {
    domainOf[vcpu] = node;
    targetOf[vcpu] = node;
    vtime[vcpu] = minVtime[node]!;
    deadline[vcpu] = vtime[vcpu] + (averageRunNs[vcpu]! * DEFAULT_WEIGHT) / k.weight(vcpu);
  }

  function domain(k: Kernel, vcpu: VcpuId): NodeId {
    const own = domainOf[vcpu]! as NodeId;
    if (own !== NONE && k.allowsNode(vcpu, own)) return own;
    setDomain(k, vcpu, pickDomain(k, vcpu));
    return domainOf[vcpu]! as NodeId;
  }

  function setDeadline(vcpu: VcpuId): void {
    deadline[vcpu] = vtime[vcpu]! + (averageRunNs[vcpu]! * DEFAULT_WEIGHT) / LEAST_LATENCY_WEIGHT;
  }

  function pickIdle(k: Kernel, vcpu: VcpuId, node: NodeId): CpuId {
    return k.pickIdleCpuNode(vcpu, node, k.nodeFirstCpu(node));
  }

  /** An idle CPU outside a busy domain, in a domain that has some use left: of the node it last ran on, or of any if told so. */
  function pickGreedy(k: Kernel, vcpu: VcpuId, prev: CpuId): CpuId {
    const near = k.cpuNode(prev);
    const idle = takesDirect[near] ? pickIdle(k, vcpu, near) : NONE;
    if (idle !== NONE || !options.directGreedyNuma) return idle;
    return pickIdleOf(k, vcpu, takesDirect);
  }

  function pickIdleOf(k: Kernel, vcpu: VcpuId, isTaking: Uint8Array): CpuId {
    for (let node = 0 as NodeId; node < k.nodeCount; node++) {
      const idle = isTaking[node] ? pickIdle(k, vcpu, node) : NONE;
      if (idle !== NONE) return idle;
    }
    return NONE;
  }

  function selectIdle(k: Kernel, vcpu: VcpuId, prev: CpuId, own: NodeId): CpuId {
    const lingers = k.cpuNode(prev) === own || takesDirect[k.cpuNode(prev)] === 1;
    if (lingers && k.allows(vcpu, prev) && k.testAndClearIdle(prev)) return prev;
    const idle = pickIdle(k, vcpu, own);
    return idle === NONE && isAnywhere(k, vcpu) ? pickGreedy(k, vcpu, prev) : idle;
  }

  function anyCpu(k: Kernel, vcpu: VcpuId, node: NodeId): CpuId {
    let cpu = k.nodeFirstCpu(node);
    while (!k.allows(vcpu, cpu)) cpu++;
    return cpu;
  }

  function stealAcrossNodes(k: Kernel, here: NodeId): void {
    for (let i = 0; i < k.nodeCount; i++) {
      const node = rotor++ % k.nodeCount;
      if (node === here || k.dsqNrQueued(node as DsqId) < options.greedyThresholdXNuma) continue;
      if (k.dsqMoveToLocal(node as DsqId)) return;
    }
  }

  const cpu: CpuPolicy = {
    name: 'scx-rusty',
    init(k) {
      domainOf = new Int32Array(k.vcpuCount).fill(NONE);
      targetOf = new Int32Array(k.vcpuCount).fill(NONE);
      isDirect = new Uint8Array(k.vcpuCount);
      vtime = new Float64Array(k.vcpuCount);
      deadline = new Float64Array(k.vcpuCount);
      averageRunNs = new Float64Array(k.vcpuCount);
      runSinceWakeNs = new Float64Array(k.vcpuCount);
      lastRunNs = new Float64Array(k.vcpuCount);
      minVtime = new Float64Array(k.nodeCount);
      takesDirect = new Uint8Array(k.nodeCount).fill(options.directGreedyUnder > 0 ? 1 : 0);
      isKicked = new Uint8Array(k.nodeCount).fill(options.kickGreedyUnder > 0 ? 1 : 0);
      busyNs = new Float64Array(k.cpuCount);
      busySinceNs = new Float64Array(k.cpuCount);
      duty = dutyCycles(k.vcpuCount, options.loadHalfLifeNs);
      for (let node = 0; node < k.nodeCount; node++) k.createDsq(node as DsqId);
    },
    selectCpu(k, vcpu, prev) {
      const own = domain(k, vcpu);
      const last = prev === NONE ? anyCpu(k, vcpu, own) : prev;
      const idle = selectIdle(k, vcpu, last, own);
      isDirect[vcpu] = idle === NONE ? 0 : 1;
      if (idle !== NONE) return idle;
      return k.cpuNode(last) === own && k.allows(vcpu, last) ? last : anyCpu(k, vcpu, own);
    },
    runnable(k, vcpu) {
      duty.set(vcpu, k.nowNs, true);
      runSinceWakeNs[vcpu] = 0;
    },
    quiescent(k, vcpu) {
      duty.set(vcpu, k.nowNs, false);
    },
    enqueue(k, vcpu, flags) {
      const wasDirect = isDirect[vcpu] === 1;
      isDirect[vcpu] = 0;
      let own = domain(k, vcpu);
      const target = targetOf[vcpu]! as NodeId;
      if (target !== own && k.allowsNode(vcpu, target)) {
        setDomain(k, vcpu, target);
        own = target;
        pickIdle(k, vcpu, own); // so that one looks
      } else if (wasDirect) {
        k.dsqInsert(vcpu, DSQ_LOCAL, sliceNs, flags);
        return;
      } else if (k.cpuNode(k.taskCpu(vcpu)) !== own) pickIdle(k, vcpu, own); // it was stolen: back home
      if (options.isFifo) k.dsqInsert(vcpu, own as number as DsqId, sliceNs, flags);
      else {
        if (vtime[vcpu]! < minVtime[own]! - sliceNs) {
          vtime[vcpu] = minVtime[own]! - sliceNs; // a sleeper keeps no more than a slice
          setDeadline(vcpu);
        }
        k.dsqInsertVtime(vcpu, own as number as DsqId, sliceNs, deadline[vcpu]!, flags);
      }
      if (isAnywhere(k, vcpu)) pickIdleOf(k, vcpu, isKicked);
    },
    dispatch(k, cpu) {
      const here = k.cpuNode(cpu);
      if (k.dsqMoveToLocal(here as number as DsqId) || options.greedyThreshold === 0 || options.greedyThresholdXNuma === 0) return;
      stealAcrossNodes(k, here);
    },
    running(k, vcpu, cpu) {
      const own = domain(k, vcpu);
      minVtime[own] = Math.max(minVtime[own]!, vtime[vcpu]!);
      lastRunNs[vcpu] = k.nowNs;
      busySinceNs[cpu] = k.nowNs;
    },
    stopping(k, vcpu, cpu) {
      const ranNs = k.nowNs - lastRunNs[vcpu]!;
      busyNs[cpu]! += k.nowNs - busySinceNs[cpu]!;
      runSinceWakeNs[vcpu]! += ranNs;
      averageRunNs[vcpu] = 0.75 * averageRunNs[vcpu]! + 0.25 * runSinceWakeNs[vcpu]!;
      vtime[vcpu]! += (ranNs * DEFAULT_WEIGHT) / k.weight(vcpu);
      setDeadline(vcpu);
    },
    setCpumask(k, vcpu) {
      setDomain(k, vcpu, pickDomain(k, vcpu));
    },
  };

  const tuner: Daemon = {
    name: 'rusty-tuner',
    periodNs: options.tuneIntervalNs,
    step(k) {
      let all = 0;
      for (let node = 0 as NodeId; node < k.nodeCount; node++) {
        const first = k.nodeFirstCpu(node);
        let sum = 0;
        for (let at = first; at < first + k.nodeCpuCount(node); at++) {
          if (k.cpuCurr(at) !== NONE) busyNs[at]! += k.nowNs - busySinceNs[at]!;
          busySinceNs[at] = k.nowNs;
          sum += busyNs[at]! / options.tuneIntervalNs;
          busyNs[at] = 0;
        }
        all += sum;
        const use = sum / Math.max(1, k.nodeCpuCount(node));
        takesDirect[node] = options.directGreedyUnder >= 1 || use < options.directGreedyUnder ? 1 : 0;
        isKicked[node] = options.kickGreedyUnder >= 1 || use < options.kickGreedyUnder ? 1 : 0;
      }
      sliceNs = all / k.cpuCount >= FULLY_UTILIZED ? options.sliceOverutilNs : options.sliceUnderutilNs;
    },
  };

  const balancer: Daemon = {
    name: 'rusty-balancer',
    periodNs: options.intervalNs,
    step(k) {
      const domains = new Map<number, Domain>();
      for (let node = 0 as NodeId; node < k.nodeCount; node++) if (k.nodeCpuCount(node) > 0) domains.set(node, { node, load: 0 });
      const candidates: Candidate[] = [];
      for (let vcpu = 0 as VcpuId; vcpu < k.vcpuCount; vcpu++) {
        const node = targetOf[vcpu]! as NodeId;
        if (node === NONE || !k.isHere(k.guestOf(vcpu))) continue;
        const load = duty.get(vcpu, k.nowNs) * k.weight(vcpu);
        domains.get(node)!.load += load;
        if (load > 0) candidates.push({ vcpu, node, load, allows: (to) => k.allowsNode(vcpu, to) });
      }
      balanceNodes([...domains.values()], candidates, (vcpu, to) => (targetOf[vcpu] = to));
    },
  };

  return { cpu, daemons: options.balancesLoad ? [tuner, balancer] : [tuner] };
}
