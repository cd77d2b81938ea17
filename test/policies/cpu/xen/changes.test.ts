import { describe, expect, test } from 'vitest';
import { lopsided } from '../../../../machines/lopsided.ts';
import { buildMachine } from '../../../../sim/machine.ts';
import { defaultOptions } from '../../../../sim/options.ts';
import type { Daemon } from '../../../../sim/policy-api.ts';
import { namedStream } from '../../../../sim/random.ts';
import { type CpuId, GiB, type GuestId, ms, seconds, type VcpuId } from '../../../../sim/units.ts';
import { asEntry, guest, policy, ran, workload } from '../../../sim/scenario-fixture.ts';

/** User space that changes masks and weights at random. */
function meddler(seed: string, cpus: number): Daemon {
  const random = namedStream(seed, 'meddler', 0, 'xen');
  const some = (): CpuId[] | null => {
    const list = Array.from({ length: cpus }, (_, cpu) => cpu as CpuId).filter(() => random() < 0.4);
    return list.length === 0 ? null : list;
  };
  return {
    name: 'meddler',
    periodNs: ms(3),
    step(k, act) {
      const vcpu = Math.floor(random() * k.vcpuCount) as VcpuId;
      if (!k.isHere(k.guestOf(vcpu))) return;
      const what = random();
      if (what < 0.35) act.setAffinity(vcpu, some());
      else if (what < 0.7) act.setSoftAffinity(vcpu, some());
      else act.setWeight(k.guestOf(vcpu) as GuestId, 1 + Math.floor(random() * 900));
    },
  };
}

describe.each(['xen-4.0-off', 'xl-credit', 'xl-credit2', 'xl-null'])('%s', (name) => {
  test.each(['1', '2'])('takes masks, weights, CPUs and guests that come and go at random (seed %s), every check on', (seed) => {
    const machine = buildMachine(lopsided);
    const chosen = policy(name);
    const options = { ...defaultOptions(chosen.options), ...(seed === '2' && name !== 'xen-4.0-off' ? { faithful: 'no' } : {}) };
    const entry = asEntry(() => ({ ...chosen.make(options), daemons: [meddler(seed, machine.cpuCount)] }));
    const guests = [3, 1, 2, 4, 1].map((vcpus, i) =>
      guest(workload(i % 2 === 0 ? 'kernbench' : 'compute'), {
        vcpus,
        memoryBytes: GiB(1),
        capPercent: i === 2 ? 60 : 0,
        arrivesNs: i * ms(150),
        departsNs: i === 3 ? ms(1100) : null,
      }),
    );
    const run = (): ReturnType<typeof ran> =>
      ran({
        machine,
        policy: { ...entry, claims: chosen.claims ?? {} },
        seed,
        durationNs: seconds(1.5),
        hostNoise: 1,
        guests,
        hotplug: [
          { atNs: ms(400), cpu: 4, isOnline: false },
          { atNs: ms(700), cpu: 1, isOnline: false },
          { atNs: ms(1300), cpu: 4, isOnline: true },
        ],
      });
    const first = run();
    expect(first.status, `seed ${seed}: ${first.message}`).toBe('ok'); // and not a policy error
    expect(run().hash).toBe(first.hash);
  });
});
