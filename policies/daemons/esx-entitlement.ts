/**
 * What each vCPU is entitled to of a host's CPU time: by weight, and none more than it wants. What one does not want goes to the others.
 * Whole nanoseconds, rounded down.
 * @param wantedNs [vcpu] 0 for those that take no part
 */
export function entitle(wantedNs: Float64Array, weightOf: (vcpu: number) => number, hostNs: number): Float64Array {
  const entitledNs = new Float64Array(wantedNs.length);
  const vcpus = Array.from(wantedNs.keys()).filter((vcpu) => wantedNs[vcpu]! > 0);
  vcpus.sort((a, b) => wantedNs[a]! / weightOf(a) - wantedNs[b]! / weightOf(b) || a - b);
  let leftNs = hostNs;
  let leftWeight = vcpus.reduce((sum, vcpu) => sum + weightOf(vcpu), 0);
  for (const vcpu of vcpus) {
    entitledNs[vcpu] = Math.min(wantedNs[vcpu]!, Math.floor((leftNs * weightOf(vcpu)) / leftWeight));
    leftNs -= entitledNs[vcpu];
    leftWeight -= weightOf(vcpu);
  }
  return entitledNs;
}
