import type { TraceTable } from '../../sim/trace-events.ts';
import { COUNTER, EXPLICIT, PACKET, PROCESS, THREAD, TRACE, TRACK, TREE, TREE_PROCESS, TREE_THREAD } from './perfetto-fields.ts';
import { type ProtobufWriter } from './protobuf.ts';
import type { TraceNames } from './trace-names.ts';

/** The one sequence that all packets belong to; what tracks and their events have in common. */
export const SEQUENCE = 1;
/** A packet of these sizes has room for names of this many bytes. */
const MOST_NAME_BYTES = 1_000;
const DESCRIPTOR_ROOM = 8_000;

/** Numbers of the tracks, handed out one after the other. */
export interface PerfettoTracks {
  readonly run: number;
  readonly nodeMoves: readonly number[]; //   [node] pages that leave it and come to it
  readonly nodeRemote: readonly number[]; //  [node] counter: share of lines from other nodes
  readonly resources: readonly number[]; //   [resource] counter: GB/s
  readonly guestProcess: readonly number[]; // [guest]
  readonly guestMemory: Int32Array; //        [guest * nodes + node] counter: bytes; 0 for none
  readonly vcpuThread: Int32Array; //         [vcpu]
}

interface Track {
  readonly name: string;
  readonly parent?: number;
  readonly rank?: number;
  readonly isGroup?: boolean;
  readonly unit?: string;
  readonly shareKey?: string;
  readonly process?: { readonly pid: number; readonly name: string };
  readonly thread?: { readonly pid: number; readonly tid: number; readonly name: string };
}

/** Writes all descriptors: the process tree, groups of nodes and links with their counters, guests with their vCPUs. */
export function writeTracks(writer: ProtobufWriter, table: TraceTable, names: TraceNames): PerfettoTracks {
  writeProcessTree(writer, table, names);
  let last = 0;
  const add = (track: Track): number => {
    writeTrack(writer, ++last, track);
    return last;
  };
  const run = add({ name: 'run' });
  const nodesGroup = add({ name: 'NUMA nodes', isGroup: true });
  const nodes = Array.from({ length: table.nodeCount }, (_, node) => node);
  const nodeMoves = nodes.map((node) => add({ name: `node ${node}`, parent: nodesGroup, rank: node, isGroup: true }));
  const nodeRemote = nodes.map((node) =>
    add({ name: 'remote ratio', parent: nodeMoves[node]!, rank: 1, unit: 'of lines', shareKey: 'remote-ratio' }),
  );
  const linksGroup = add({ name: 'links and node pairs', isGroup: true });
  const resources = table.resourceNames.map((name, resource) =>
    table.resourceKind[resource] === 0 && resource < table.nodeCount
      ? add({ name: 'controller', parent: nodeMoves[resource]!, rank: 0, unit: 'GB/s', shareKey: 'controller' })
      : add({ name, parent: linksGroup, rank: resource, unit: 'GB/s', shareKey: table.resourceKind[resource] === 1 ? 'link' : 'pair' }),
  );
  const guestProcess: number[] = [];
  const vcpuThread = new Int32Array(table.vcpuGuest.length);
  const guestMemory = new Int32Array(table.guests.length * table.nodeCount);
  table.guests.forEach((guest, id) => {
    const pid = names.guestPid[id]!;
    const process = add({ name: guest.name, process: { pid, name: guest.name } });
    guestProcess.push(process);
    for (let i = 0; i < guest.vcpuCount; i++) {
      const vcpu = guest.firstVcpu + i;
      const thread = { pid, tid: names.vcpuTid[vcpu]!, name: names.vcpuComm[vcpu]! };
      vcpuThread[vcpu] = add({ name: thread.name, parent: process, thread });
    }
    if (guest.isHostNoise) return;
    const shareKey = `memory-${id}`;
    for (const node of nodes) guestMemory[id * table.nodeCount + node] = add({ name: `memory on node ${node}`, parent: process, unit: 'bytes', shareKey }); // prettier-ignore
  });
  return { run, nodeMoves, nodeRemote, resources, guestProcess, guestMemory, vcpuThread };
}

function writeProcessTree(writer: ProtobufWriter, { guests }: TraceTable, { guestPid, vcpuTid, vcpuComm }: TraceNames): void {
  guests.forEach((guest, id) => {
    writeTree(writer, () => {
      const process = writer.open(TREE.processes);
      writer.number(TREE_PROCESS.pid, guestPid[id]!);
      writer.number(TREE_PROCESS.ppid, 1);
      writer.text(TREE_PROCESS.cmdline, short(guest.name).replace(/\s/g, '_')); // a reader cuts it at the first space
      writer.close(process);
    });
    for (let i = 0; i < guest.vcpuCount; i++) {
      writeTree(writer, () => {
        const thread = writer.open(TREE.threads);
        writer.number(TREE_THREAD.tid, vcpuTid[guest.firstVcpu + i]!);
        writer.text(TREE_THREAD.name, vcpuComm[guest.firstVcpu + i]!);
        writer.number(TREE_THREAD.pid, guestPid[id]!);
        writer.close(thread);
      });
    }
  });
}

function writeTree(writer: ProtobufWriter, fill: () => void): void {
  writer.out.room(DESCRIPTOR_ROOM);
  const packet = writer.open(TRACE.packet);
  writer.number(PACKET.timestamp, 0);
  writer.number(PACKET.sequence, SEQUENCE);
  const tree = writer.open(PACKET.processTree);
  fill();
  writer.close(tree);
  writer.close(packet);
}

function writeTrack(writer: ProtobufWriter, uuid: number, track: Track): void {
  writer.out.room(DESCRIPTOR_ROOM);
  const packet = writer.open(TRACE.packet);
  writer.number(PACKET.sequence, SEQUENCE);
  const descriptor = writer.open(PACKET.trackDescriptor);
  writer.number(TRACK.uuid, uuid);
  if (track.parent !== undefined) writer.number(TRACK.parent, track.parent);
  if (track.process) writeProcess(writer, track.process);
  else if (track.thread) writeThread(writer, track.thread);
  else writer.text(TRACK.name, short(track.name));
  if (track.unit !== undefined) {
    const counter = writer.open(TRACK.counter);
    writer.text(COUNTER.unit, track.unit);
    writer.text(COUNTER.shareKey, track.shareKey!);
    writer.close(counter);
  }
  if (track.isGroup) writer.number(TRACK.childOrdering, EXPLICIT);
  if (track.rank !== undefined) writer.number(TRACK.rank, track.rank);
  writer.close(descriptor);
  writer.close(packet);
}

function writeProcess(writer: ProtobufWriter, { pid, name }: NonNullable<Track['process']>): void {
  const process = writer.open(TRACK.process);
  writer.number(PROCESS.pid, pid);
  writer.text(PROCESS.name, short(name));
  writer.close(process);
}

function writeThread(writer: ProtobufWriter, { pid, tid, name }: NonNullable<Track['thread']>): void {
  const thread = writer.open(TRACK.thread);
  writer.number(THREAD.pid, pid);
  writer.number(THREAD.tid, tid);
  writer.text(THREAD.name, short(name));
  writer.close(thread);
}

/** A name as it is written: four of the longest fit into a message. */
export function short(name: string): string {
  return name.slice(0, MOST_NAME_BYTES);
}
