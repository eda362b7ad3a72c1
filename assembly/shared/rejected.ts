import { FORM_ABSENT, FORM_RAW } from "../index/entry";

/**
 * The page of this worker's last put, if it was rejected for want of room: what `retryPut` keeps.
 *
 * Why so: room is made between two tries, and a page is compressed once. Its bytes are in the put
 * window or the block area, which belong to this worker alone, so none of this is shared and none
 * of it outlives the worker.
 */

export let rejectedForm: u32 = FORM_ABSENT;
export let rejectedLength: u32 = 0;
export let rejectedSource: usize = 0;
let rejectedType: u32 = 0;
let rejectedOffset: u32 = 0;

export function rememberRejected(
  type: u32,
  offset: u32,
  form: u32,
  length: u32,
  source: usize,
): void {
  rejectedForm = form;
  rejectedType = type;
  rejectedOffset = offset;
  rejectedLength = length;
  rejectedSource = source;
}

/** Forgets it: there is none, or its bytes are about to be overwritten. */
export function forgetRejected(): void {
  rejectedForm = FORM_ABSENT;
}

/** Whether the last put was of this page and was rejected for want of room. */
export function isRejected(type: u32, offset: u32): bool {
  return rejectedForm != FORM_ABSENT && type == rejectedType && offset == rejectedOffset;
}

/** Address of the block that `retryPut` would keep; 0 when there is none or it is no block. */
export function pendingBlock(type: u32, offset: u32): u32 {
  return rejectedForm >= FORM_RAW && isRejected(type, offset) ? <u32>rejectedSource : 0;
}

/** Form << 20 | length of that block. */
export function pendingInfo(): u32 {
  return (rejectedForm << 20) | rejectedLength;
}
