import { expect, test } from 'vitest';
import type { GuestDescription } from '../../formats/guest-description.ts';
import { readLibvirt } from '../../formats/libvirt/libvirt.ts';
import { readQemu } from '../../formats/qemu/qemu.ts';
import { readVng } from '../../formats/qemu/vng.ts';

const MIB = 1024 ** 2;
const sizes = ({ cells }: GuestDescription): string[] => cells.map(({ vcpus, memoryBytes }) => `${vcpus.join()}:${memoryBytes / MIB}`);

test('virtual nodes of neither vCPUs nor memory, which a GPU has its memory put into, are left out of QEMU and told', () => {
  const backend = (id: string, more = ''): string => `-object memory-backend-ram,id=${id},size=1G,host-nodes=3,policy=bind ${more}`;
  const far = '-numa dist,src=0,dst=1,val=40 -numa dist,src=0,dst=2,val=50 -numa dist,src=1,dst=2,val=60';
  const guest = readQemu(
    `-m 2G -smp 3 ${backend('a')} ${backend('b')} -numa node,memdev=a,cpus=0-1 -numa node -numa node,memdev=b,cpus=2 ${far}`,
  );
  expect(sizes(guest)).toEqual(['0,1:1024', '2:1024']);
  expect(guest.distances).toEqual([[10, 50], [50, 10]]); // prettier-ignore
  expect(guest.ignored).toEqual(['virtual node 1: neither vCPUs nor memory, left out, those behind them are numbered anew']);
  expect(guest.unsimulated).toEqual([]);
  const last = readQemu(`-m 1G -smp 2 ${backend('a')} -numa node,memdev=a,cpus=0-1 -numa node -numa node`);
  expect(last).toMatchObject({ cells: [{ vcpus: [0, 1] }], distances: null, ignored: ['virtual nodes 1-2: neither vCPUs nor memory, left out'] }); // prettier-ignore
});

test('and so they are of libvirt, which may plug a DIMM into one', () => {
  const domain = (devices: string): string => `<domain type='kvm'><memory>9</memory><vcpu>2</vcpu><os><type>hvm</type></os>
    <cpu><numa><cell cpus='0-1' memory='4' unit='GiB'/><cell memory='0'/><cell id='2' memory=' 0 ' unit='KiB'/></numa></cpu>
    <devices>${devices}</devices></domain>`;
  expect(sizes(readLibvirt(domain('')))).toEqual(['0,1:4096']);
  expect(readLibvirt(domain('')).ignored).toContain('virtual nodes 1-2: neither vCPUs nor memory, left out');
  const dimm = "<memory model='dimm'><target><size unit='MiB'>512</size><node>2</node></target></memory>";
  expect(sizes(readLibvirt(domain(dimm)))).toEqual(['0,1:4096', ':512']);
});

test('one with vCPUs stays, for whoever simulates it to refuse', () => {
  expect(sizes(readVng('vng --cpus 4 -m 1G --numa 1G,cpus=0-2 --numa 0,cpus=3'))).toEqual(['0,1,2:1024', '3:0']);
  expect(sizes(readVng('vng --cpus 4 -m 1G --numa 1G,cpus=0-3 --numa 0'))).toEqual(['0,1,2,3:1024']);
  expect(sizes(readQemu('-m 1G -smp 4 -object memory-backend-ram,id=a,size=1G -numa node,memdev=a,cpus=0 -numa node,cpus=1-3'))).toEqual(['0:1024', '1,2,3:0']); // prettier-ignore
});
