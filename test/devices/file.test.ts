/**
 * The file device on a real disk: conformance, and what becomes of the file however a process ends.
 */
import { execFile, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FileSwapDevice } from "../../src/devices/file.ts";
import { deviceCases, hasCode } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";

const files = suite("file device");
const directory = mkdtempSync(join(tmpdir(), "zmem-file-device-"));
const PREFIX = `zmem-swap-${hostname().replace(/[^0-9A-Za-z]+/g, "_")}`;
const isPosix = process.platform !== "win32";
const SOURCE = new URL("../../src/devices/file.ts", import.meta.url).href;

files.after(() => rmSync(directory, { recursive: true, force: true }));

type Run = () => void | Promise<void>;

/** A test after which no file is left. Not by a hook: uvu does not count what a hook throws. */
function test(name: string, run: Run, isPossible = true): void {
  (isPossible ? files : files.skip)(name, async () => {
    await run();
    assert.equal(readdirSync(directory), [], "no swap file is left behind");
  });
}

const onPosix = (name: string, run: Run): void => test(name, run, isPosix);

for (const keepName of [false, true]) {
  for (const { name, run } of deviceCases({
    name: "file",
    pageSize: 4096,
    modelSteps: 3000,
    create: (options) => new FileSwapDevice({ ...options, directory, keepName }),
  })) {
    test(`${keepName ? "named" : "unnamed"}: ${name}`, run);
  }
}

onPosix("the file has no name from the start", () => {
  const device = new FileSwapDevice({ directory });
  assert.is(device.write(1, 0, makeBlock(1, 4096)), true);
  assert.equal(readdirSync(directory), []);
  device.close();
});

test("a named file is there until close, and for its owner alone", () => {
  const device = new FileSwapDevice({ directory, keepName: true });
  const [name] = readdirSync(directory);
  assert.match(name ?? "", new RegExp(`^${PREFIX}-\\d+-`));
  if (isPosix) assert.is(statSync(join(directory, name as string)).mode & 0o777, 0o600);
  device.close();
});

/** Runs a program that has FileSwapDevice and the directory; resolves when it says so or ends. */
function runProgram(
  program: string,
  ...more: string[]
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [...nodeArguments(program), ...more]);
}

const nodeArguments = (program: string): string[] => [
  ...["--import", "tsx", "--input-type=module", "-e"],
  `import { FileSwapDevice } from ${JSON.stringify(SOURCE)};
   const directory = ${JSON.stringify(directory)};
   ${program}`,
];

async function killAfterWriting(program: string): Promise<number> {
  const child = spawn(process.execPath, nodeArguments(program), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it had written`)));
  });
  child.kill("SIGKILL");
  await ended;
  return child.pid as number;
}

const WRITE = "device.write(1, 0, new Uint8Array(4096).fill(1)); console.log('written');";

onPosix("a process that is killed leaves nothing", async () => {
  await killAfterWriting(
    `const device = new FileSwapDevice({ directory }); ${WRITE} setInterval(() => {}, 1000);`,
  );
  assert.equal(readdirSync(directory), []);
});

test("what a killed process leaves by name, the next device sweeps away", async () => {
  const pid = await killAfterWriting(
    `const device = new FileSwapDevice({ directory, keepName: true }); ${WRITE}
     setInterval(() => {}, 1000);`,
  );
  assert.match(readdirSync(directory)[0] ?? "", new RegExp(`^${PREFIX}-${pid}-`));
  new FileSwapDevice({ directory }).close();
});

test("a process that ends without close removes its named files", async () => {
  await runProgram(`const device = new FileSwapDevice({ directory, keepName: true }); ${WRITE}`);
  await runProgram(
    `const device = new FileSwapDevice({ directory, keepName: true }); ${WRITE} process.exit(3);`,
  ).catch((error: { code: unknown }) => assert.is(error.code, 3));
});

test("the sweep leaves alone what lives and what is not zmem's", async () => {
  const living = new FileSwapDevice({ directory, keepName: true });
  const [own] = readdirSync(directory);
  const uuid = crypto.randomUUID();
  // No process of this id lives here, but on its own host one may.
  const ofOtherHost = `${PREFIX}x-${2 ** 30}-${uuid}`;
  const foreign = ["something", `${PREFIX}-${process.pid}-x`, `${PREFIX}-x-${uuid}`, ofOtherHost];
  const ofLivingProcess = `${PREFIX}-${process.ppid}-${uuid}`;
  for (const name of [...foreign, ofLivingProcess]) writeFileSync(join(directory, name), "x");
  new FileSwapDevice({ directory }).close();
  const names = [...foreign, ofLivingProcess, own as string];
  assert.equal(readdirSync(directory).sort(), names.sort());
  living.close();
  for (const name of [...foreign, ofLivingProcess]) rmSync(join(directory, name));
});

test("a file of an earlier process with our id, as in a container, is swept", async () => {
  const name = `${PREFIX}-${process.pid}-${crypto.randomUUID()}`;
  writeFileSync(join(directory, name), "x");
  const living = new FileSwapDevice({ directory, keepName: true });
  // The clock of the test can't be turned back, so the other side of the comparison is moved.
  const { uptime } = process;
  process.uptime = () => -60;
  try {
    new FileSwapDevice({ directory }).close();
  } finally {
    process.uptime = uptime;
  }
  assert.is(existsSync(join(directory, name)), false);
  assert.is(readdirSync(directory).length, 1, "our own, living file stays");
  living.close();
});

onPosix("a file that must not get longer is a full device, not an error", async () => {
  const program = `
    const device = new FileSwapDevice({ directory });
    let count = 0;
    while (count < 1000 && device.write(count, 0, new Uint8Array(4096).fill(count))) count += 1;
    const into = new Uint8Array(4096);
    let good = 0;
    for (let slot = 0; slot < count; slot++) {
      device.read(slot, into);
      if (into.every((byte) => byte === (slot & 0xff))) good += 1;
    }
    const hadRoom = device.discard(5) && device.write(2000, 0, new Uint8Array(4096));
    console.log(JSON.stringify({ count, good, hadRoom }));`;
  // 256 blocks of 512 or 1024 bytes, as the shell counts them; the signal must not end it.
  const { stdout } = await promisify(execFile)("/bin/sh", [
    "-c",
    'trap "" XFSZ; ulimit -f 256; exec "$@"',
    "sh",
    process.execPath,
    ...nodeArguments(program),
  ]);
  const { count, good, hadRoom } = JSON.parse(stdout) as Record<string, number | boolean>;
  assert.ok(count === 32 || count === 64, `${count} pages`);
  assert.is(good, count);
  assert.is(hadRoom, true);
});

test("a directory that can't take a file is an error that says so", () => {
  const missing = join(directory, "missing");
  assert.throws(() => new FileSwapDevice({ directory: missing }), hasCode("ERR_ZMEM_DEVICE"));
  assert.throws(() => new FileSwapDevice({ directory: missing }), /no swap file can be made in/);
});

test("bad options leave no file", () => {
  const isRangeError = (error: unknown): boolean => error instanceof RangeError;
  for (const bad of [{ pageSize: 1000 }, { pages: 0 }, { maxBytes: 1 }]) {
    assert.throws(() => new FileSwapDevice({ directory, keepName: true, ...bad }), isRangeError);
  }
});

const shm = "/dev/shm";
const hasMemoryDirectory = existsSync(shm) && statfsSync(shm).type === 0x0102_1994;
if (!hasMemoryDirectory) console.log("SKIPPED the warning about tmpfs: there is no /dev/shm");

const testWarning = async (): Promise<void> => {
  const program = (where: string): string =>
    `process.on("warning", (warning) => console.log(warning.code, warning.message));
     new FileSwapDevice({ directory: ${JSON.stringify(where)} }).close();`;
  const { stdout } = await runProgram(program(shm));
  assert.match(
    stdout,
    /^ZMEM_SWAP_IN_MEMORY the swap file lies in \/dev\/shm, which is itself memory/,
  );
  if (statfsSync(directory).type !== 0x0102_1994) {
    assert.is((await runProgram(program(directory))).stdout, "");
  }
};
test("warns of a directory in memory", testWarning, hasMemoryDirectory);

files.run();
