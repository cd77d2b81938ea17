import { describe, expect, test } from 'vitest';
import { esxRebalancer } from '../../../policies/daemons/esx.ts';
import { entitle } from '../../../policies/daemons/esx-entitlement.ts';
import { EsxHomes } from '../../../policies/placement/esx-homes.ts';
import { cpusOf } from '../../../policies/placement/online.ts';
import type { Daemon } from '../../../sim/policy-api.ts';
import { below, namedStream } from '../../../sim/random.ts';
import { type GuestId, type NodeId, seconds } from '../../../sim/units.ts';
import type { FakeSpec } from '../fake-kernel.ts';
import { fakeHost, type FakeHost, SECOND } from './fake-host.ts';

describe('entitlement', () => {
  test('is by weight, and no more than is wanted; what one leaves goes to the others', () => {
    // vCPU 0 wants 10 of its 25; of the 90 left vCPU 2, with twice the weight, has 60
    expect([...entitle(Float64Array.of(10, 100, 100, 0), (vcpu) => [1, 1, 2, 7][vcpu]!, 100)]).toEqual([10, 30, 60, 0]);
    expect([...entitle(Float64Array.of(10, 20), () => 5, 100)]).toEqual([10, 20]);
  });

  const SEED = process.env.NUMALAB_SEED ?? '2718';
  test(`leaves nothing, and who has less than he wants has no less by weight than any other (seed ${SEED})`, () => {
    const random = namedStream(SEED, 'esx', 0, 'entitle');
    for (let draw = 0; draw < 300; draw++) {
      const wanted = Float64Array.from({ length: 1 + below(random, 9) }, () => below(random, 1000));
      const weights = Array.from(wanted, () => 1 + below(random, 9));
      const host = below(random, 4000);
      const had = entitle(wanted, (vcpu) => weights[vcpu]!, host);
      const all = wanted.reduce((sum, ns) => sum + ns, 0);
      const sum = had.reduce((total, ns) => total + ns, 0);
      expect(sum, `draw ${draw}`).toBeLessThanOrEqual(Math.min(all, host));
      expect(sum, `draw ${draw}`).toBeGreaterThan(Math.min(all, host) - wanted.length); // each is rounded down
      wanted.forEach((ns, i) => {
        expect(had[i]).toBeLessThanOrEqual(ns);
        if (had[i] === ns) return;
        had.forEach((other, j) => expect((had[i]! + wanted.length) / weights[i]!, `draw ${draw}`).toBeGreaterThanOrEqual(other / weights[j]! - wanted.length)); // prettier-ignore
      });
    }
  });
});

interface Set {
  readonly host: FakeHost;
  readonly homes: EsxHomes;
  readonly daemon: Daemon;
}

/** Guests on the homes given, 512 MB of memory there, and a daemon with the defaults of ESX. */
function esx(spec: FakeSpec, at: readonly number[], threshold = 0.1): Set {
  const host = fakeHost(spec);
  const homes = new EsxHomes();
  at.forEach((home, i) => {
    const guest = i as GuestId;
    homes.place(host.k, guest);
    for (const client of homes.of(guest)) homes.move(host.k, client, home as NodeId);
    hold(host, homes, guest);
    use(host, i, 0, false);
    stay(host, i, home);
  });
  return { host, homes, daemon: esxRebalancer(homes, { periodNs: seconds(2), threshold }) };
}

/** As the core holds a guest that has been placed. */
function hold(host: FakeHost, homes: EsxHomes, guest: number): void {
  for (const { vcpus, home } of homes.of(guest as GuestId)) for (const vcpu of vcpus) host.fake.act.setAffinity(vcpu, cpusOf(host.k, [home])); // prettier-ignore
}

function stay(host: FakeHost, guest: number, node: number): void {
  const first = host.k.guestFirstVcpu(guest as GuestId);
  for (let i = 0; i < host.k.guestVcpuCount(guest as GuestId); i++) host.on[first + i] = host.k.nodeFirstCpu(node as NodeId);
  host.lay(guest, host.takenMB.map((_, at) => (at === node ? 512 : 0))); // prettier-ignore
}

function use(host: FakeHost, guest: number, percent: number, waits: boolean): void {
  const first = host.k.guestFirstVcpu(guest as GuestId);
  for (let i = 0; i < host.k.guestVcpuCount(guest as GuestId); i++) {
    host.percent[first + i] = percent;
    host.waits[first + i] = waits;
  }
}

const single = { vcpus: 1 };

// A look is every 0.1 s; the first at 0.1 s, so the first period ends at 2.1 s.
const FIRST = 2.1 * SECOND;

describe('the rebalancer', () => {
  const crowd: FakeSpec = { nodeCpus: [4, 4], guests: [single, single, single, single, single] };

  test.each([
    [60, []],
    [59, ['0.0 on 4,5,6,7', '0:0>>1']],
  ])('moves a home when more than 10 %% of a node’s CPUs is lacking: a guest that wants a whole CPU had %i %%', (percent, told) => {
    const { host, daemon } = esx(crowd, [0, 0, 0, 0, 0]);
    // 1 + 4 * 0.9 CPUs are wanted of 4, and 8 in all: each is entitled to what it wants; guest 0 lacks 0.40 or 0.41 CPUs
    use(host, 0, percent, true);
    for (const guest of [1, 2, 3, 4]) use(host, guest, 90, false);
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual([]);
    host.pass(daemon, 0.1 * SECOND);
    expect(host.told()).toEqual(told);
  });

  test('moves it only if the crowded node serves so much more then', () => {
    const { host, daemon } = esx(crowd, [0, 0, 0, 0, 0]);
    use(host, 0, 50, true); // lacks 0.5
    for (const guest of [1, 2, 3, 4]) use(host, guest, 85, false); // with the 1 of guest 0 they are entitled to 4.4 of 4: 0.4 is not more
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual([]);
  });

  test('moves one home a period, and none when all have what they should', () => {
    const { host, daemon } = esx({ ...crowd, guests: [...crowd.guests, single] }, [0, 0, 0, 0, 0, 0]);
    for (let guest = 0; guest < 6; guest++) use(host, guest, 66, true); // 6 of 4 CPUs
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual(['0.0 on 4,5,6,7', '0:0>>1']);
    use(host, 0, 100, false);
    host.lay(0, [0, 512]);
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual(['1.0 on 4,5,6,7', '1:0>>1']);
    for (let guest = 0; guest < 6; guest++) use(host, guest, 100, false);
    host.lay(1, [0, 512]);
    host.pass(daemon, 20 * SECOND);
    expect(host.told()).toEqual([]);
  });

  test('rather moves a guest with memory there already, to the least loaded node', () => {
    const { host, daemon } = esx({ nodeCpus: [4, 4, 4], guests: [...crowd.guests, single] }, [0, 0, 0, 0, 0, 1]);
    for (let guest = 0; guest < 6; guest++) use(host, guest, 79, guest !== 5);
    host.lay(1, [256, 256, 0]);
    host.lay(3, [256, 0, 256]);
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual(['3.0 on 8,9,10,11', '1:1>>0', '3:0>>2']); // what of guest 1 was away comes home too
  });

  test.each([
    ['exchanges two homes where that serves more and brings memory home', [0, 512], ['0.0 on 4,5,6,7', '0.1 on 4,5,6,7', '0.2 on 4,5,6,7', '2.0 on 0,1,2,3']], // prettier-ignore
    ['moves one where an exchange would take memory away from home', [512, 0], ['0.0 on 4,5,6,7', '0.1 on 4,5,6,7', '0.2 on 4,5,6,7']],
  ])('%s', (_, mB, masks) => {
    const { host, daemon } = esx({ nodeCpus: [4, 4], guests: [{ vcpus: 3 }, { vcpus: 3 }, single, single] }, [0, 0, 1, 1]);
    use(host, 0, 66, true); // 6 CPUs wanted of 4, and 2 of 4
    use(host, 1, 66, true);
    use(host, 2, 100, false);
    use(host, 3, 100, false);
    // guest 0 away: 3 + 4 of 8 CPUs are served, 1 more than now; in exchange for a guest of one vCPU 4 + 4
    host.lay(0, mB);
    if (mB[0] === 0) host.lay(2, [512, 0]);
    host.pass(daemon, FIRST);
    expect(host.told().filter((line) => line.includes('on'))).toEqual(masks);
  });

  test('counts what others take of a node, and leaves them alone', () => {
    const guests = [{ vcpus: 2, isHostNoise: true }, { vcpus: 1 }, single, single, single];
    const host = fakeHost({ nodeCpus: [4, 4], guests });
    const homes = new EsxHomes();
    host.fake.holdOn(1, [0]);
    for (const guest of [1, 2, 3, 4]) homes.place(host.k, guest as GuestId);
    for (const guest of [2, 3, 4]) {
      homes.move(host.k, homes.of(guest as GuestId)[0]!, 0 as NodeId);
      hold(host, homes, guest);
      stay(host, guest, 0);
      use(host, guest, 66, true);
    }
    for (const guest of [0, 1]) {
      stay(host, guest, 0);
      host.lay(guest, [0, 512]);
      use(host, guest, guest === 0 ? 50 : 100, false);
    }
    // noise 1 and the held guest 1 of node 0's 4 CPUs: 2 are left for 3
    host.pass(esxRebalancer(homes, { periodNs: seconds(2), threshold: 0.1 }), FIRST);
    expect(host.told()).toEqual(['2.0 on 4,5,6,7', '2:0>>1']);
  });

  test('shares the host out by weight', () => {
    // 6 busy vCPUs on 4 CPUs; guest 0, of weight 300, is entitled to a whole one, the others to 3/5 each, which is what 1 to 3 have
    const guests = [{ vcpus: 1, weight: 300 }, single, single, single, single, single];
    const { host, daemon } = esx({ nodeCpus: [2, 2], guests }, [0, 0, 0, 1, 1, 1]);
    use(host, 0, 80, true);
    use(host, 1, 60, true);
    use(host, 2, 60, true);
    for (const guest of [3, 4, 5]) use(host, guest, 66, true);
    // node 0: 1 + 0.6 + 0.6 = 2.2 of 2, node 1: 1.8; lack 0.2 of 2 CPUs is not more than 10 %
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual([]);
    // with 70 % it lacks more, but 0.6 of a CPU elsewhere makes 2.4 there: nothing is won
    use(host, 0, 70, true);
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual([]);
    // guest 3 goes: all are entitled to 0.75 but guest 0; of node 0's 2.5 and node 1's 1.5 CPUs 3.5 are served. With guest 1 moved 1.75 + 2
    // are, 0.25 more; with guest 0 moved 1.5 + 2
    host.gone.add(3);
    host.percent[3] = 0;
    host.waits[3] = false;
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual(['1.0 on 2,3', '1:0>>1']);
  });

  test('is off where a node has one core', () => {
    const { host, daemon } = esx({ nodeCpus: [4, 1], guests: crowd.guests }, [0, 0, 0, 0, 0]);
    for (let guest = 0; guest < 5; guest++) use(host, guest, 40, true);
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual([]);
  });

  test('does not count the waiting of earlier periods', () => {
    const { host, daemon } = esx(crowd, [0, 0, 0, 0, 0]);
    use(host, 0, 65, true); // lacks 0.35
    for (const guest of [1, 2, 3, 4]) use(host, guest, 90, false);
    host.pass(daemon, FIRST);
    use(host, 0, 55, false); // lacks nothing now
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual([]);
  });
});

describe('memory that is not at home', () => {
  test('is ordered there once, again if nothing comes of it, and not while home is full', () => {
    const { host, daemon } = esx({ nodeCpus: [2, 2, 2], memoryGiB: [8, 1, 8], guests: [single] }, [1]);
    host.lay(0, [256, 512, 192]);
    host.takenMB[1] = 512;
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual([]); // 1024 - 512 - 512 MB free
    host.takenMB[1] = 0;
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual(['0:0>>1', '0:2>>1']);
    host.lay(0, [128, 640, 192]); // that on node 0 gets on
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual(['0:2>>1']);
    host.lay(0, [0, 960, 0]);
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual([]);
  });

  test('is ordered anew when its guest has another home meanwhile', () => {
    const { host, homes, daemon } = esx({ nodeCpus: [2, 2, 2], guests: [single] }, [1]);
    host.lay(0, [512, 256, 0]);
    host.pass(daemon, FIRST);
    homes.move(host.k, homes.of(0 as GuestId)[0]!, 2 as NodeId);
    hold(host, homes, 0);
    host.lay(0, [384, 384, 0]);
    host.pass(daemon, 2 * SECOND);
    expect(host.told()).toEqual(['0:0>>1', '0:0>>2', '0:1>>2']);
  });

  test('is left alone when somebody else holds the guest elsewhere, or its home has no CPU', () => {
    const { host, daemon } = esx({ nodeCpus: [2, 2, 2], guests: [single, single] }, [0, 1]);
    host.lay(0, [0, 512, 0]);
    host.lay(1, [512, 0, 0]);
    host.fake.holdOn(0, [0, 1, 4]);
    host.fake.start({ name: 'none', enqueue: () => undefined });
    for (const cpu of [2, 3]) host.fake.unplug(cpu);
    host.pass(daemon, FIRST);
    expect(host.told()).toEqual([]);
  });

  test('of a guest in parts goes to the home that has least', () => {
    const host = fakeHost({ nodeCpus: [2, 2, 2], guests: [{ vcpus: 4 }] });
    const homes = new EsxHomes();
    homes.place(host.k, 0 as GuestId);
    hold(host, homes, 0);
    expect(homes.of(0 as GuestId).map(({ home }) => home)).toEqual([0, 1]);
    host.lay(0, [192, 128, 64]);
    host.pass(esxRebalancer(homes, { periodNs: seconds(2), threshold: 0.1 }), FIRST);
    expect(host.told()).toEqual(['0:2>>1']);
  });
});

test('a part of a guest does not join another of the same guest', () => {
  const { host, homes, daemon } = esx({ nodeCpus: [2, 2], guests: [{ vcpus: 4 }, { vcpus: 2 }] }, []);
  homes.place(host.k, 0 as GuestId);
  homes.place(host.k, 1 as GuestId); // on node 0, where the first part is
  for (const guest of [0, 1]) hold(host, homes, guest);
  use(host, 0, 50, true);
  use(host, 1, 50, true);
  for (const vcpu of [2, 3]) {
    host.percent[vcpu] = 0;
    host.waits[vcpu] = false;
  }
  [0, 0, 2, 2, 0, 0].forEach((cpu, vcpu) => (host.on[vcpu] = cpu));
  host.pass(daemon, FIRST);
  expect(host.told()).toEqual(['1.0 on 2,3', '1.1 on 2,3']);
});
