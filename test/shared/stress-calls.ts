/**
 * What one worker of a stress run does, in Node and in browsers: random calls on keys that all
 * workers share, until it is told to stop or is terminated. Everything wrong is complained about.
 */
import { SharedZmemBackend, type SharedAttachment } from "../../src/backends/shared.ts";
import { History, type Before } from "./history.ts";
import { decodeStored } from "./stored-block.ts";
import { fillPage, identifyPage } from "./stress-page.ts";

/** What a stress worker is given. */
export interface StressWorkerData {
  readonly attachment: SharedAttachment;
  readonly history: SharedArrayBuffer;
  readonly keys: number;
  readonly types: number;
  readonly slot: number;
  readonly seed: number;
  /** Distance of the offsets of neighbouring keys: 1 fills groups, more makes lone ones. */
  readonly stride: number;
  /** Whether a put may be rejected: then it counts as a flush too. */
  readonly mayReject: boolean;
}

/** Runs until the history says stop. */
export function runCalls(data: StressWorkerData, complain: (what: string) => void): void {
  const { slot, keys, types, stride, mayReject } = data;
  const history = new History(keys, data.history);
  const backend = SharedZmemBackend.attach(data.attachment);
  const size = backend.pageSize;
  const page = new Uint8Array(size);
  const words = new Int32Array(page.buffer);
  const got = new Uint8Array(size);
  const gotWords = new Int32Array(got.buffer);
  const before: Before = { changed: 0, put: 0, flushEnd: 0, begun: 0, calm: false };

  let state = data.seed | 1;
  function random(below: number): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  }

  function typeOf(key: number): number {
    return key % types;
  }

  function offsetOf(key: number): number {
    return Math.floor(key / types) * stride;
  }

  function put(key: number): void {
    const began = history.tick();
    if (mayReject) history.beginFlush(slot, key);
    // A page of one 32-bit word has room for 23 bits of tick and 9 of key.
    const kinds = began < 0x7f_ffff && keys <= 512 ? 6 : 4;
    fillPage(words, key, began, random(kinds));
    const kept = backend.putPage(typeOf(key), offsetOf(key), page);
    if (mayReject) {
      history.endFlush(slot, key, began);
      // The put came after what counts as its own flush.
      if (kept) history.endPut(key, began);
    } else if (kept) {
      history.endPut(key, began);
    } else {
      complain(`a put was rejected: key ${key}`);
    }
  }

  function flush(key: number): void {
    history.beginFlush(slot, key);
    const began = history.tick();
    backend.flushPage(typeOf(key), offsetOf(key));
    history.endFlush(slot, key, began);
  }

  function flushType(type: number): void {
    for (let key = type; key < keys; key += types) history.beginFlush(slot, key);
    const began = history.tick();
    backend.flushArea(type);
    backend.openType(type);
    for (let key = type; key < keys; key += types) history.endFlush(slot, key, began);
  }

  /** Drops a cold page, which counts as a flush, if it is still the one that was selected. */
  function dropCold(): void {
    const [cold] = backend.selectCold(1);
    if (cold === undefined) return;
    const key = (cold.offset / stride) * types + cold.type;
    history.setKey(slot, key);
    history.beginFlush(slot, key);
    const began = history.tick();
    history.endFlush(slot, key, backend.dropCold(0) ? began : 0);
  }

  function get(key: number): void {
    history.before(key, before);
    got.fill(0xa5);
    if (!backend.getPage(typeOf(key), offsetOf(key), got)) {
      const lost = history.judgeAbsent(key, before);
      if (lost !== undefined) complain(`key ${key}: ${lost}`);
      return;
    }
    judge(key);
  }

  /** What is in `got` is what the key has held at some moment since `before`. */
  function judge(key: number): void {
    const identity = identifyPage(gotWords);
    if (identity === undefined) complain(`key ${key}: torn page ${gotWords.slice(0, 8)}`);
    else if (identity.key !== key) complain(`key ${key}: page of key ${identity.key}`);
    else {
      const stale = history.judgeFound(key, identity.began, before);
      if (stale !== undefined) complain(`key ${key}: ${stale}`);
    }
  }

  /** A get by way of the stored block, as an inspector has it. */
  function read(key: number): void {
    history.before(key, before);
    const stored = backend.readBlock(typeOf(key), offsetOf(key));
    // The page may be one that its entry alone holds.
    if (stored === undefined) return;
    if (decodeStored(stored, got)) judge(key);
    else complain(`key ${key}: a block of ${stored.payloadBytes} bytes that does not decode`);
  }

  for (let type = 0; type < types; type++) backend.allowWriteback(type, true);
  history.setWorker(slot, backend.workerId);
  try {
    while (!history.stop) {
      for (let call = 0; call < 64; call++) {
        const key = random(4) === 0 ? random(Math.min(keys, 4)) : random(keys);
        const choice = random(1000);
        history.setKey(slot, key);
        if (choice < 350) put(key);
        else if (choice < 800) get(key);
        else if (choice < 850) read(key);
        else if (choice < 975) flush(key);
        else if (choice < 985) dropCold();
        else if (choice < 996) backend.compact({ objects: 1 + random(32) });
        else if (choice < 998) backend.recompress({ pages: 1 + random(4) });
        // In the tight regime a put to a type that is closed just then is a reject like others.
        else if (mayReject && choice === 999 && random(16) === 0) flushType(random(types));
        history.setKey(slot, -1);
      }
      history.countCalls(slot, 64);
      history.standStill(slot);
    }
    backend.detach();
    history.setWorker(slot, 0);
  } catch (error) {
    complain(`threw ${error instanceof Error ? error.stack : String(error)}`);
  }
}
