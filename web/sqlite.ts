/**
 * SQLite as an npm package ships it (sql.js), with a door to its linear memory.
 *
 * Why so: a bundle of its own, fetched only when the demo's worker asks for it. The package keeps
 * its memory to itself; the hook that lets a program instantiate the module itself shows it.
 */
import initSqlJs from "sql.js";

type Sql = Awaited<ReturnType<typeof initSqlJs>>;
type Database = ReturnType<typeof open>;

/** The options that the types of the package leave out. */
interface Hook {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

/** The package makes one instance for good; so its memory keeps what earlier databases left. */
let running: Promise<{ sql: Sql; memory: WebAssembly.Memory }> | undefined;

/** Starts SQLite with an empty database in memory. */
export async function startSqlite(
  wasmAddress: URL,
): Promise<{ database: Database; memory: () => Uint8Array }> {
  running ??= instantiate(wasmAddress).catch((error: unknown) => {
    running = undefined;
    throw error;
  });
  const { sql, memory } = await running;
  return { database: open(sql), memory: () => new Uint8Array(memory.buffer) };
}

async function instantiate(wasmAddress: URL): Promise<{ sql: Sql; memory: WebAssembly.Memory }> {
  const response = await fetch(wasmAddress);
  if (!response.ok) throw new Error(`sqlite.wasm: ${response.status}`);
  const module = await WebAssembly.compile(await response.arrayBuffer());
  let memory: WebAssembly.Memory | undefined;
  const hook: Hook = {
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports);
      const exported = Object.values(instance.exports);
      const imported = Object.values(imports).flatMap((group) => Object.values(group));
      memory = [...exported, ...imported].find((value) => value instanceof WebAssembly.Memory);
      receive(instance, module);
      return instance.exports;
    },
  };
  const sql = await initSqlJs(hook as Parameters<typeof initSqlJs>[0]);
  if (memory === undefined) throw new Error("its memory was not found");
  return { sql, memory };
}

function open(sql: Sql) {
  return new sql.Database();
}
