/** The entry without the module: every form in which a program can hand it over, and wrong ones. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createZmem,
  createZmemSync,
  ZmemError,
  type WasmSource,
  type Zmem,
  type ZmemErrorCode,
} from "../src/index.core.ts";
import { makePage } from "./conformance/pages.ts";

const test = suite("entry without the module");
const url = new URL("../build/zmem.wasm", import.meta.url);
const bytes = new Uint8Array(readFileSync(url));
/** A module that is valid but somebody else's: nothing but magic and version. */
const STRANGER = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);

function assertWorks(zmem: Zmem): void {
  const area = zmem.swapOn({ pages: 10 });
  assert.is(area.put(1, makePage("text", 1, 4096)), true);
  assert.is(area.get(1, new Uint8Array(4096)), true);
  zmem.close();
}

async function complaint(wasm: unknown): Promise<string> {
  try {
    (await createZmem({ wasm: wasm as WasmSource })).close();
    return "fine";
  } catch (error) {
    assert.ok(error instanceof Error);
    return error instanceof ZmemError ? error.code : `${error.name}: ${error.message}`;
  }
}

test("it takes bytes, a module, a Response, a promise of one, and a file: URL", async () => {
  const response = (): Response => new Response(bytes);
  const sources: WasmSource[] = [
    bytes,
    bytes.buffer,
    new WebAssembly.Module(bytes),
    response(),
    Promise.resolve(response()),
    url,
    url.href,
  ];
  for (const wasm of sources) assertWorks(await createZmem({ wasm, pageSize: 4096 }));
});

test("it takes an address on the network, whatever its MIME type, but not a 404", async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/zmem.wasm" ? 200 : 404, { "content-type": "text/plain" });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    assertWorks(await createZmem({ wasm: `http://127.0.0.1:${port}/zmem.wasm` }));
    assert.is(await complaint(`http://127.0.0.1:${port}/none`), "ERR_ZMEM_MODULE");
  } finally {
    server.close();
  }
});

test("at once it takes bytes and modules", () => {
  assertWorks(createZmemSync({ wasm: bytes }));
  assertWorks(createZmemSync({ wasm: bytes.buffer }));
  assertWorks(createZmemSync({ wasm: new WebAssembly.Module(bytes) }));
  assert.throws(
    () => createZmemSync({ wasm: url as never }),
    /wasm: expected bytes or a WebAssembly.Module, got URL/,
  );
});

test("what is no source is a TypeError that says what came", async () => {
  for (const [wasm, got] of [
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    [{}, "Object"],
    [Object.create(null), "object"],
    [Promise.resolve(7), "number"],
  ] as const) {
    assert.is(
      await complaint(wasm),
      `TypeError: wasm: expected a URL, a Response, bytes or a WebAssembly.Module, got ${got}`,
    );
  }
  assert.throws(() => createZmemSync(undefined as never), /wasm: .* got undefined/);
});

test("what can't be loaded, is no module, or is another one, is ERR_ZMEM_MODULE", async () => {
  assert.is(await complaint(new URL("none.wasm", url)), "ERR_ZMEM_MODULE");
  assert.is(await complaint(new Uint8Array([1, 2, 3])), "ERR_ZMEM_MODULE");
  assert.is(await complaint(bytes.subarray(0, 1000)), "ERR_ZMEM_MODULE");
  assert.is(await complaint(STRANGER), "ERR_ZMEM_MODULE");
  assert.is(await complaint(Promise.reject(new Error("offline"))), "ERR_ZMEM_MODULE");
  try {
    createZmemSync({ wasm: STRANGER });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /expected the wasm module of this version.* boot, /);
  }
});

test("an engine without WebAssembly or its SIMD is ERR_ZMEM_UNSUPPORTED", async () => {
  const whole = WebAssembly;
  const code = (error: unknown): ZmemErrorCode => (error as ZmemError).code;
  const withoutSimd = {
    ...Object.fromEntries(
      Object.getOwnPropertyNames(whole).map((name) => [name, whole[name as keyof typeof whole]]),
    ),
    compile: () => Promise.reject(new whole.CompileError("invalid value type 's128'")),
    validate: () => false,
  };
  for (const lacking of [undefined, withoutSimd]) {
    globalThis.WebAssembly = lacking as never;
    try {
      await createZmem({ wasm: bytes });
      assert.unreachable();
    } catch (error) {
      assert.is(code(error), "ERR_ZMEM_UNSUPPORTED");
    } finally {
      globalThis.WebAssembly = whole;
    }
  }
});

test.run();
