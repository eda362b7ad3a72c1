/**
 * Blocks and what describes them, read from an instance's memory, for writeback and inspection.
 *
 * Invariant: a block handed out is a view, valid until the next call into the instance.
 */
import { ZmemError } from "../errors.ts";
import type { ColdPage, FormedBlock } from "../types.ts";
import {
  BLOCK_CODECS,
  COLD_RECORD_SIZE,
  FORM_ABSENT,
  FORM_BLOCK,
  FORM_FILLED,
  FORM_FILLED_OBJECT,
  FORM_RAW,
  INSPECT_LENGTH_BITS,
  LOCATION_SLOT_BITS,
  STATUS_CORRUPT,
  STATUS_OK,
  type ZmemExports,
} from "./abi.ts";
import type { RunningInstance } from "./instance.ts";
import type { BlockCodec, PageBlock, PageInfo, PageLocation } from "./pool-options.ts";

/** What of an instance blocks are read from: the plain build's or the shared one's. */
export interface BlockSource {
  readonly exports: Pick<
    ZmemExports,
    "pendingBlock" | "pendingInfo" | "blockWindow" | "decodeBlock"
  >;
  readonly memory: { readonly buffer: ArrayBufferLike };
}

const LENGTH_MASK = (1 << INSPECT_LENGTH_BITS) - 1;

/** @param packed what `inspectPage` gave */
export function packedToInfo(packed: number): PageInfo | undefined {
  const form = packed >>> INSPECT_LENGTH_BITS;
  if (form === FORM_ABSENT) return undefined;
  const payloadBytes = packed & LENGTH_MASK;
  if (form === FORM_FILLED || form === FORM_FILLED_OBJECT) {
    return { form: "sameFilled", codec: null, payloadBytes };
  }
  if (form === FORM_RAW) return { form: "raw", codec: null, payloadBytes };
  return { form: "compressed", codec: formToCodec(form), payloadBytes };
}

/** The codec of a block by its form; FORM_RAW and those below have none. */
function formToCodec(form: number): BlockCodec {
  return BLOCK_CODECS[form - FORM_BLOCK - 1] as BlockCodec;
}

/** A copy of what is stored of a page, undefined for a page that is absent or has no object. */
export function readStoredBlock(
  { exports, memory }: RunningInstance,
  type: number,
  offset: number,
): PageBlock | undefined {
  const address = exports.storedBlock(type, offset) >>> 0;
  if (address === 0) return undefined;
  const info = packedToInfo(exports.inspectPage(type, offset) >>> 0);
  return (
    info && { ...info, block: new Uint8Array(memory.buffer, address, info.payloadBytes).slice() }
  );
}

/** Where the object of a page lies, undefined for a page that is absent or has none. */
export function readLocation(
  wasm: ZmemExports,
  type: number,
  offset: number,
): PageLocation | undefined {
  const location = wasm.storedLocation(type, offset) >>> 0;
  return location === 0 ? undefined : toLocation(location, wasm.storedBlock(type, offset));
}

/** @param location not 0; both numbers as the module gave them */
export function toLocation(location: number, address: number): PageLocation {
  return {
    zspage: location >>> LOCATION_SLOT_BITS,
    slot: location & ((1 << LOCATION_SLOT_BITS) - 1),
    address: address >>> 0,
  };
}

/** What a get throws whose block is damaged. */
export function corruptError(type: number, offset: number, pageSize: number): ZmemError {
  return new ZmemError(
    "ERR_ZMEM_CORRUPT",
    `the block of page ${offset} of type ${type} does not decode to ${pageSize} bytes`,
  );
}

/** The records that `selectCold` has left in the get window. */
export function readColdPages(
  { exports, memory: { buffer } }: RunningInstance,
  count: number,
): readonly ColdPage[] {
  const records = new Uint32Array(buffer, exports.getWindow() >>> 0);
  const word = (index: number, at: number): number =>
    records[(index * COLD_RECORD_SIZE) / 4 + at] as number;
  return Array.from({ length: count }, (_, index) => {
    const packed = word(index, 3);
    return {
      type: word(index, 0),
      offset: word(index, 1),
      form: packed >>> INSPECT_LENGTH_BITS,
      block: new Uint8Array(buffer, word(index, 2), packed & LENGTH_MASK),
    };
  });
}

/** The block of the last put, if that was of this page and rejected for want of memory. */
export function readPendingBlock(
  { exports, memory }: BlockSource,
  type: number,
  offset: number,
): FormedBlock | null {
  const address = exports.pendingBlock(type, offset) >>> 0;
  if (address === 0) return null;
  const packed = exports.pendingInfo() >>> 0;
  return {
    form: packed >>> INSPECT_LENGTH_BITS,
    block: new Uint8Array(memory.buffer, address, packed & LENGTH_MASK),
  };
}

/** Decodes a block into the get window. @throws ZmemError `ERR_ZMEM_CORRUPT` */
export function decodeInto(
  { exports, memory }: BlockSource,
  form: number,
  block: Uint8Array,
  pageSize: number,
): void {
  let status = STATUS_CORRUPT;
  if (block.length >= 1 && block.length <= pageSize) {
    const at = exports.blockWindow() >>> 0;
    new Uint8Array(memory.buffer, at, block.length).set(block);
    status = exports.decodeBlock(form, block.length);
  }
  if (status !== STATUS_OK) {
    throw new ZmemError(
      "ERR_ZMEM_CORRUPT",
      `a block of ${block.length} bytes and form ${form} does not decode to ${pageSize} bytes`,
    );
  }
}
