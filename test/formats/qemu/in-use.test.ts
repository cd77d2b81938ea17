import { describe, expect, test } from 'vitest';
import { guessGuestFormat } from '../../../formats/guest-formats.ts';
import { looksLikeQemu, readQemu, readQemuCommands } from '../../../formats/qemu/qemu.ts';
import { refusal } from './refusal-fixture.ts';

/** Command lines as they stand in scripts, logs and process lists, with all that machines in use have. */

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

describe('what a shell does that changes nothing of CPUs and memory stands in nobody’s way', () => {
  test.each([
    '-m 3G >log 2>&1 &',
    '-m 3G &>> log </dev/null',
    '-m 3G 2> err | tee "log (1)" | grep -v x',
    '-m 3G -drive file=$IMG,if=virtio -append "root=$(findmnt -no SOURCE /) ${MORE:-quiet}" -pidfile `mktemp`',
    '-m 3G -device virtio-net-pci,mac=$MAC -device \'{"driver":"virtio-rng-pci","id":"\'$ID\'"}\' -object rng-random,id=r,filename=$RNG',
  ])('qemu-kvm %s', (options) => {
    expect(readQemu(`qemu-kvm ${options}\n`)).toMatchObject({ memoryBytes: 3 * GiB, unsimulated: [] });
  });

  test('a variable that the script sets to a plain value is put in its place', () => {
    const script =
      'NAME=web CPUS="2-3"\nexport MEM=3\nmem=8\nset -e; cd $DIR\ntaskset -c $CPUS qemu-kvm -name "a $NAME" -m "${MEM}"G -smp ${mem}';
    expect(readQemu(script)).toMatchObject({ name: 'a web', memoryBytes: 3 * GiB, vcpus: 8, pins: Array(8).fill({ cpus: [2, 3] }) });
    expect(refusal(`MEM=1X\nqemu-kvm -smp 2 -m $MEM`)).toContain('line 2, column 20: -m size = "1X"');
  });

  test.each([
    'if test "$1" = big; then\nMEM=8\nfi',
    'if test "$1" = big; then MEM=8; fi',
    'for MEM in 5 6; do echo $MEM; done',
    'while read MEM; do\ntrue; done <sizes',
    'if true; then if true; then :; fi\nMEM=8\nfi',
    'function more {\nMEM=8\n}',
    'read MEM',
    'unset MEM',
    'readonly MEM=8',
    'MEM+=8',
    'echo 8 | read MEM',
    '. ./sizes',
    'eval MEM=8',
  ])('a variable that the script may set otherwise is not known: %j', (command) => {
    expect(refusal(`MEM=3\n${command}\nqemu-kvm -m $MEM`)).toContain('$MEM, want what it stands for');
  });

  test.each(['if true; then\nB=8; fi', 'while test -e lock; do sleep 1; done\nMEM=3', 'export MEM', 'echo "$MEM" MEMORY'])(
    'a variable has its value behind what does not set it: %j',
    (command) => {
      expect(readQemu(`MEM=3\n${command}\nqemu-kvm -m \${MEM}G`).memoryBytes).toBe(3 * GiB);
    },
  );

  test('a variable without a value is no word outside quotes', () => {
    expect(readQemu('MORE=\nqemu-kvm $MORE -m 3G -append $MORE"" -smp 2$MORE')).toMatchObject({
      memoryBytes: 3 * GiB,
      vcpus: 2,
      ignored: ['line 1: MORE=', 'line 2: -append'],
    });
  });

  test('a script may have other commands joined, in branches and loops, but what those set is not known', () => {
    const text = 'MEM=3G && SMP=5\n[ -e /dev/kvm ] || { echo "no kvm" >&2; exit 1; }\nif ! command -v qemu-kvm >/dev/null; then\n  exit 1\nfi\nif [ -x /usr/bin/qemu-kvm ]; then :; fi\nid -nG | grep kvm ||\n  exit 2\ncase $1 in\nesac\nCPUS=2\nqemu-kvm -m $MEM -smp $CPUS\n'; // prettier-ignore
    expect(readQemuCommands(text)).toMatchObject([{ vcpus: 2, memoryBytes: 3 * GiB }]);
    expect(refusal(text.replace('$CPUS', '$SMP'))).toContain('$SMP, want what'); // set if the command before it went well
  });

  test('a command that something is piped into is read as any other', () => {
    expect(readQemu('yes | qemu-kvm -m 3G -S | tee log')).toMatchObject({
      memoryBytes: 3 * GiB,
      ignored: ['line 1: yes', 'line 1: tee', 'line 1: -S'],
    });
    expect(readQemu('modprobe kvm; chmod 666 /dev/kvm; qemu-kvm -m 3G | grep kvm').ignored).toEqual(['modprobe', 'chmod', 'grep'].map((one) => `line 1: ${one}`)); // prettier-ignore
    expect(refusal('yes | qemu-kvm -m 3G\nqemu-kvm -m 5G')).toContain('line 2, column 1: "qemu-kvm": a second command');
  });

  test('options that a script puts together for itself are not known', () => {
    expect(refusal('set -- "$@" -smp 4\nqemu-kvm -m 3G "$@"')).toContain('line 1, column 1: set --');
  });

  test('other commands of the script are passed over, and told', () => {
    const script = '#!/bin/sh\nip tuntap add tap0 mode tap\nqemu-kvm -m 3G -net nic\nbrctl addif br0 tap0; echo done\n';
    const { memoryBytes, ignored } = readQemu(script);
    expect([memoryBytes, ignored]).toEqual([3 * GiB, ['line 2: ip', 'line 4: brctl', 'line 4: echo', 'line 3: -net']]);
    expect(readQemuCommands(`${script}kvm -m 5G\n`).map((guest) => guest.memoryBytes / GiB)).toEqual([3, 5]);
  });

  test('what the script itself is given is taken for nothing, and told', () => {
    const { memoryBytes, ignored } = readQemu('QEMU=/opt/qemu-system-x86_64; MASK=0x6\nexec taskset $MASK $QEMU -enable-kvm -m 3G "$@"\n');
    expect([memoryBytes, ignored]).toEqual([
      3 * GiB,
      ['line 1: QEMU=', 'line 1: MASK=', 'line 2: $@: taken for nothing, as the script is given nothing here'],
    ]);
  });

  test('a script is told by its program, though its variables look like settings of xl', () => {
    const script = '#!/bin/sh\nQEMU="qemu-system-x86_64"\nmemory=3G\n$QEMU -enable-kvm -m $memory\n';
    expect(guessGuestFormat(script)?.name).toBe('qemu');
    expect(guessGuestFormat(script.replace('#!', '# '))?.name).toBe('xl');
    expect(readQemu(script).memoryBytes).toBe(3 * GiB);
  });

  test('a name that is not known is none', () => {
    const { name, ignored } = readQemu('qemu-kvm -name "$1" -m 1G');
    expect([name, ignored]).toEqual([null, ['line 1: -name: $1 is not known, so the guest has no name of its own']]);
  });

  test('a prompt is passed over', () => {
    expect(readQemu('$ qemu-kvm -m 3G').memoryBytes).toBe(3 * GiB);
  });

  test('a text cannot grow by its variables', () => {
    const text = `A=${'x'.repeat(256)}\nqemu-kvm -m 1G -append "${'$A'.repeat(400_000)}"`;
    expect(readQemu(text).memoryBytes).toBe(GiB);
  });

  test('what a process was started with is read as /proc has it', () => {
    const text = ['/usr/bin/qemu-system-x86_64', '-accel', 'kvm', '-name', 'a b', '-device', '{"driver":"vmgenid"}', '-m', '3G', ''].join(
      '\0',
    );
    expect(looksLikeQemu(text)).toBe(true);
    expect(readQemu(text)).toMatchObject({ name: 'a b', memoryBytes: 3 * GiB, unsimulated: [] });
    expect(refusal(text.replace('3G', '3Q'))).toContain('column 82: -m size = "3Q"');
    expect(refusal(`${text}-S\0`.repeat(6_000))).toContain('more than 50000 words');
  });
});

test('a balloon, which libvirt and Proxmox give to every guest, is passed over', () => {
  const said = (device: string): readonly (readonly string[])[] => {
    const { ignored, unsimulated } = readQemu(`qemu-kvm -m 64M -device ${device}`);
    return [ignored, unsimulated];
  };
  const name = 'line 1: -device virtio-balloon-pci';
  expect(said('virtio-balloon-pci,id=b')).toEqual([[name], []]);
  expect(said(`'{"driver":"virtio-balloon-pci","id":"b","free-page-reporting":false}'`)).toEqual([[name], []]);
  expect(said('virtio-balloon-pci,free-page-reporting=on')).toEqual([
    [`${name},free-page-reporting=on: memory that the guest frees stays where it is here`],
    [],
  ]);
});

describe('a DIMM that is there at the start', () => {
  const backend = (id: string, size: string, more = ''): string => `-object memory-backend-ram,id=${id},size=${size}${more} `;
  const bound = ',host-nodes=2,policy=bind,prealloc=on';
  const nodes = `-m 4G,slots=9,maxmem=64G -smp 2 ${backend('a', '3G')}-numa node,memdev=a ${backend('b', '1G', bound)}-numa node,memdev=b `;

  test('is memory of its node, where it is bound and backed as that is', () => {
    const dimms = `${backend('c', '512M')}-device pc-dimm,memdev=c ${backend('d', '2G', bound)}-device '{"driver":"pc-dimm","node":1,"memdev":"d"}'`;
    const guest = readQemu(nodes + dimms);
    expect(guest.cells.map(({ memoryBytes }) => memoryBytes / MiB)).toEqual([3584, 3072]);
    expect([guest.memoryBytes / MiB, guest.unsimulated]).toEqual([6656, []]);
    expect(guest.ignored).toContain('line 1: -device pc-dimm: 512 MiB, memory of node 0 from the start');
  });

  test('is memory of a guest without nodes', () => {
    expect(readQemu(`-m 1G,slots=2,maxmem=8G ${backend('c', '512M')}-device pc-dimm,id=x,memdev=c`)).toMatchObject({
      memoryBytes: 1536 * MiB,
    });
  });

  test('is not simulated where it is bound or backed otherwise', () => {
    const { memoryBytes, unsimulated } = readQemu(`${nodes}${backend('c', '512M')}-device pc-dimm,memdev=c,node=1`);
    const bindingAlone = backend('c', '512M', ',host-nodes=2,policy=bind');
    expect(readQemu(`${nodes}${bindingAlone}-device pc-dimm,memdev=c,node=1`)).toMatchObject({ memoryBytes, unsimulated });
    expect([memoryBytes, unsimulated]).toEqual([
      4 * GiB,
      ['line 1: -device pc-dimm: memory bound or backed otherwise than that of node 1'],
    ]);
  });

  test.each([
    ['-device pc-dimm,node=2,memdev=a', 'want a whole number from 0 to 1'],
    ['-device pc-dimm,memdev=x', 'want the id of a memory backend'],
    ['-device pc-dimm', 'pc-dimm without memdev, want memdev=ID'],
    ['-device pc-dimm,memdev=$M', '$M, want what it stands for'],
  ])('is refused: %s', (dimm, message) => {
    expect(refusal(nodes + dimm)).toContain(message);
  });
});

describe('all memory is backed at the start', () => {
  const nodes = '-object memory-backend-ram,id=a,size=3G -numa node,memdev=a -object memory-backend-ram,id=b,size=1G -numa node,memdev=b';
  const isBacked = (options: string): boolean[] => readQemu(`-m 4G -smp 2 ${nodes} ${options}`).cells.map((cell) => cell.isPreallocated);

  test.each([
    '-overcommit mem-lock=on',
    '-realtime mlock=on',
    '-device vfio-pci,host=01:00.0',
    `-device '{"driver":"vfio-pci","host":"0000:06:12.5"}'`,
    '-device vhost-vdpa-device-pci,vhostdev=/dev/vhost-vdpa-0',
    '-netdev vhost-vdpa,id=n,vhostdev=/dev/vhost-vdpa-0 -device virtio-net-pci,netdev=n',
    `-netdev '{"id":"n","type":"vhost-vdpa","vhostdev":"/dev/fdset/0"}'`,
    '-mem-prealloc -mem-path /dev/hugepages',
    '-object sev-guest,id=sev0,cbitpos=47,reduced-phys-bits=1',
    `-object '{"qom-type":"sev-guest","id":"lsec0","cbitpos":51}'`,
  ])('for %s', (option) => {
    expect(isBacked(option)).toEqual([true, true]);
    expect(readQemu(`-m 4G ${option}`)).toMatchObject({ isPreallocated: true, unsimulated: [] });
  });

  test.each([
    '-netdev tap,id=vhost-vdpa,vhost=on',
    '-overcommit mem-lock=off',
    '-overcommit mem-lock=on-fault',
    '-realtime mlock=off',
    '-object sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1',
    '-object tdx-guest,id=tdx',
  ])('not for %s', (option) => {
    expect(isBacked(option)).toEqual([false, false]);
    expect(readQemu(`-m 4G ${option}`).unsimulated).toEqual([]);
  });

  test('for SEV, and says so; that its memory is encrypted is not simulated', () => {
    const { ignored, unsimulated } = readQemu('-m 4G -object sev-guest,id=s -machine q35,confidential-guest-support=s');
    expect(ignored).toContain('line 1: -object sev-guest: all memory is backed at the start for it');
    expect(unsimulated).toEqual(['line 1: -machine confidential-guest-support: memory that is encrypted']);
    expect(readQemu('-m 4G -object sev-guest,id=s -machine q35,memory-encryption=s').unsimulated).toEqual(['line 1: -machine memory-encryption: memory that is encrypted']); // prettier-ignore
  });
});

test.each([
  ['-object memory-backend-file,id=x,size=1G,mem-path=/dev/hugepages', '-object x'],
  ['-object memory-backend-memfd,id=x,size=1G,hugetlb=on,hugetlbsize=2M', '-object x'],
  ['-mem-path /mnt/huge', '-mem-path /mnt/huge'],
])('huge pages are told: %s', (option, name) => {
  const { ignored, unsimulated } = readQemu(`-m 1G ${option}`);
  expect([ignored, unsimulated]).toEqual([
    [`line 1: ${name}: huge pages: how large a page is mapped is the scenario’s word "mapping"`],
    [],
  ]);
});

test('a machine that could have CXL devices is as any other, until it has one', () => {
  expect(readQemu('-machine q35,cxl=on -m 1G').unsimulated).toEqual([]);
  expect(readQemu('-machine q35,cxl=on -m 1G -device cxl-type3,volatile-memdev=v').unsimulated).toEqual(['line 1: -device cxl-type3']);
});

test('what Proxmox shows of a guest is read', () => {
  const guest = readQemu(`/usr/bin/kvm \\
  -id 7031 \\
  -name 'web,debug-threads=on' \\
  -smp '3,sockets=1,cores=5,maxcpus=5' \\
  -m 768 \\
  -readconfig /usr/share/qemu-server/pve-q35-4.0.cfg \\
  -device 'virtio-balloon-pci,id=balloon0,free-page-reporting=on' \\
  -machine 'type=q35+pve1'
`);
  expect(guest).toMatchObject({ name: 'web', vcpus: 3, memoryBytes: 768 * MiB, topology: { cores: 3 }, unsimulated: [] });
  expect(guest.ignored).toContain('line 2: -id');
});

describe('a log of libvirt', () => {
  const start = (hour: number, memory: number): string =>
    `2019-04-0${hour} 1${hour}:02:03.456+0000: starting up libvirt version: 5.0.0, package: 4 (x), qemu version: 3.1.0, kernel: 4.19, hostname: h\n` +
    `LC_ALL=C \\\nPATH=/usr/bin:/bin \\\n/usr/bin/kvm \\\n-name guest=db,debug-threads=on \\\n-realtime mlock=off \\\n-m ${memory} \\\n-msg timestamp=on\n`;
  const between = `char device redirected to /dev/pts/1 (label charserial0)\n2019-04-01 20:00:00.000+0000: shutting down, reason=shutdown\n`;

  test('is read as its last start', () => {
    const text = start(1, 512) + between + start(3, 1536) + between;
    expect(looksLikeQemu(text)).toBe(true);
    const guest = readQemu(text);
    expect(guest).toMatchObject({ name: 'db', memoryBytes: 1536 * MiB, unsimulated: [] });
    expect(guest.ignored.slice(0, 2)).toEqual(['the log has 2 starts, of which the last is taken', 'line 18: -msg']);
    expect(readQemuCommands(text)).toEqual([guest]);
  });

  test('has its errors where they stand, and needs no line end', () => {
    expect(refusal(`${start(1, 512)}${start(3, 7).replace('-m 7', '-m x').trimEnd()}`)).toContain('line 15, column 4: -m size = "x"');
  });
});

describe('clusters and modules', () => {
  const tells = '-smp clusters, modules: their cores are counted, they are not told apart';

  // what QEMU 7.2 makes of them on an arm virt machine
  test.each([
    ['12,sockets=2,clusters=3,cores=1,threads=2', { sockets: 2, dies: 1, cores: 3, threads: 2 }],
    ['16,clusters=2,threads=2', { sockets: 1, dies: 1, cores: 8, threads: 2 }],
    ['6,clusters=3', { sockets: 1, dies: 1, cores: 6, threads: 1 }],
    ['24,dies=2,modules=3,cores=2', { sockets: 2, dies: 2, cores: 6, threads: 1 }],
    ['clusters=2,cores=3', { sockets: 1, dies: 1, cores: 6, threads: 1 }],
  ])('are counted: %s', (smp, topology) => {
    expect(readQemu(`-m 1G -smp ${smp}`)).toMatchObject({ topology, ignored: [tells], unsimulated: [] });
  });

  test('of one each are nothing to tell', () => {
    expect(readQemu('-m 1G -smp 4,sockets=1,dies=1,clusters=1,modules=1,cores=4,threads=1').ignored).toEqual([]);
  });

  test('that do not add up are refused, and levels above the socket as well', () => {
    expect(() => readQemu('-m 1G -smp 8,sockets=1,clusters=2,cores=3,threads=1')).toThrow('sockets (1) * dies (1) * clusters or modules (2) * cores (3) * threads (1) is not maxcpus (8)'); // prettier-ignore
    expect(() => readQemu('-m 1G -smp 8,books=2')).toThrow('-smp books = "2", want 1: this level is not simulated');
  });

  test('are places of vCPUs', () => {
    const backends =
      '-object memory-backend-ram,id=a,size=1G -object memory-backend-ram,id=b,size=1G -numa node,memdev=a -numa node,memdev=b';
    const on = (cpus: string): readonly number[] =>
      readQemu(`-m 2G -smp 12,sockets=2,clusters=2,cores=3 ${backends} ${cpus}`).cells[1]!.vcpus;
    const rest = '-numa cpu,node-id=0,socket-id=0';
    expect(on(`${rest} -numa cpu,node-id=1,socket-id=1`)).toEqual([6, 7, 8, 9, 10, 11]);
    expect(on('-numa cpu,node-id=1,socket-id=1,cluster-id=1')).toEqual([9, 10, 11]);
    expect(on('-numa cpu,node-id=1,module-id=0,core-id=2')).toEqual([2, 8]); // a core's number is that within its cluster
    expect(() => on('-numa cpu,node-id=1,cluster-id=2')).toThrow('no vCPU has these ids');
  });
});
