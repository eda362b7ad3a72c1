import { FORM_RAW } from "../index/entry";
import { GROUP_SHIFT } from "../index/group";
import { countReject } from "../stats";
import {
  STATUS_ABSENT,
  STATUS_CLOSED_TYPE,
  STATUS_DISABLED,
  STATUS_INCOMPRESSIBLE,
} from "../status";
import { OPTION_ACCEPT_RAW, OPTION_ENABLED, superblock } from "../superblock";
import {
  forgetRejected,
  isRejected,
  rejectedForm,
  rejectedLength,
  rejectedSource,
} from "./rejected";
import { keep, reject } from "./store";
import { isOpen, keyToStripe, typeRoots } from "./stripe";
import { blockAddress } from "./window";

/**
 * Keeping what is compressed already: the page of a put that was rejected, once room was made, and
 * a block that comes back from a device.
 */

/**
 * Tries again to keep the page of this worker's last put, which was rejected for want of memory.
 *
 * @returns as putPage; ABSENT when the last put was another one, or was not rejected for that
 */
export function retryPut(type: u32, offset: u32): i32 {
  if (!isRejected(type, offset)) return STATUS_ABSENT;
  const root = keyToStripe(typeRoots(type), offset >> GROUP_SHIFT);
  const form = rejectedForm;
  forgetRejected();
  return keep(root, offset, form, rejectedLength, rejectedSource);
}

/** Keeps the block that lies in the block area. @returns as putPage; `retryPut` can follow */
export function keepBlock(type: u32, offset: u32, form: u32, length: u32): i32 {
  forgetRejected();
  const roots = typeRoots(type);
  if (!roots) return countReject(STATUS_CLOSED_TYPE);
  const root = keyToStripe(roots, offset >> GROUP_SHIFT);
  if (!isOpen(root)) return countReject(STATUS_CLOSED_TYPE);
  const block = superblock();
  const options = block.options;
  if (!(options & OPTION_ENABLED)) return reject(root, offset, STATUS_DISABLED);
  const isRefused = form == FORM_RAW ? !(options & OPTION_ACCEPT_RAW) : length > block.worthLength;
  if (isRefused) return reject(root, offset, STATUS_INCOMPRESSIBLE);
  return keep(root, offset, form, length, blockAddress);
}
