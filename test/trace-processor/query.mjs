// query.mjs FOLDER TRACE SQL...: what Perfetto's trace_processor, as WebAssembly, answers of a trace, a JSON array of rows for each query.
// A process of its own, as the engine wants the globals of a worker in a browser.
import { Console } from 'node:console';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

const [folder, trace, ...queries] = process.argv.slice(2);
const PART_BYTES = 1 << 23;

globalThis.console = new Console(new Writable({ write: (_text, _encoding, done) => done() })); // it tells of system calls that WebAssembly has not
globalThis.self = globalThis;
globalThis.location = { href: `${pathToFileURL(folder).href}/` };
globalThis.WorkerGlobalScope = function WorkerGlobalScope() {};
globalThis.engineBytes = readFileSync(join(folder, 'trace_processor.wasm'));

// The bundle is that of the UI's worker: it gets the engine's bytes here, where a browser would fetch them, and hands its bridge out.
const changes = [
  ['this.useMemory64 = hasMemory64Support();', 'this.useMemory64 = false;'],
  ['locateFile: (s) => s,', 'locateFile: (s) => s, wasmBinary: globalThis.engineBytes,'],
  ['const wasmBridge = new wasm_bridge_1.WasmBridge();', 'const wasmBridge = globalThis.bridge = new wasm_bridge_1.WasmBridge();'],
];
let bundle = readFileSync(join(folder, 'engine_bundle.node.js'), 'utf8');
for (const [from, to] of changes) {
  if (!bundle.includes(from)) throw new Error(`another bundle than expected: no ${from}`);
  bundle = bundle.replace(from, to);
}
vm.runInThisContext(bundle);
while (globalThis.bridge.reqBufferAddr === 0) await new Promise((resolve) => setTimeout(resolve, 5));

const { EngineBase } = await import(pathToFileURL(join(folder, 'engine.mjs')).href);
const { port1, port2 } = new MessageChannel();
class Engine extends EngineBase {
  mode = 'WASM';
  id = 'test';
  rpcSendRequestBytes(bytes) {
    port2.postMessage(bytes);
  }
}
const engine = new Engine();
port2.onmessage = ({ data }) => engine.onRpcResponseBytes(data);
globalThis.bridge.initialize(port1);

const bytes = readFileSync(trace);
for (let at = 0; at < bytes.length; at += PART_BYTES) await engine.parse(new Uint8Array(bytes.subarray(at, at + PART_BYTES)));
await engine.notifyEof();
const answers = [];
for (const sql of queries) {
  const result = await engine.query(sql);
  const columns = result.columns();
  const rows = [];
  for (const it = result.iter({}); it.valid(); it.next()) rows.push(columns.map((column) => it.get(column)));
  answers.push(rows);
}
process.stdout.write(
  JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  () => process.exit(0),
);
