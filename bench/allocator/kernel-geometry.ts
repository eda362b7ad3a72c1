/**
 * The kernel's zsmalloc geometry, computed: which size class a payload lands in and how many objects
 * a zspage of that class has.
 *
 * What: size classes every 16 bytes from 32 to 4096; each class gets the number of 4 KiB frames
 * (1 to CHAIN) that wastes least at the end of a zspage; a class with the same frames and objects as
 * the next larger one is merged into it; from a certain size on every zspage holds one object.
 *
 * Why so: it is the measure of our own geometry: the benches put the same sizes into both. Written
 * from a description of the algorithm, not from its source.
 *
 * Source: Documentation/mm/zsmalloc.rst for the percent rule and its tables; the absolute rule is
 * that of the 2026 tree.
 */

/** Bytes of a frame, also the largest object. */
export const FRAME_SIZE = 4096;
/** Bytes of the handle at the start of each object. */
export const KERNEL_HEADER_SIZE = 8;
const SMALLEST = 32;
const STEP = 16;
/** A zspage can't have more objects than this, which no class reaches. */
export const MOST_OBJECTS = 256;

/** Which chain length is best: least bytes of tail (2026), or highest whole percent used (before). */
export type ChainRule = "absolute" | "percent";

/** One class after merging. */
export interface KernelClass {
  /** Bytes of an object, header included. */
  readonly size: number;
  /** Frames of a zspage, and the objects in it. */
  readonly frames: number;
  readonly objects: number;
}

/** All classes of one setting. */
export interface KernelGeometry {
  readonly chain: number;
  /** By class number before merging: index (size - 32) / 16. */
  readonly bySize: readonly KernelClass[];
  /** Distinct classes. */
  readonly classCount: number;
  /** The largest class of which a zspage holds several objects. */
  readonly hugeWatermark: number;
}

/** @param chain frames that a zspage may have, 1 to 16 */
export function kernelGeometry(chain: number, rule: ChainRule): KernelGeometry {
  const count = (FRAME_SIZE - SMALLEST) / STEP + 1;
  const bySize: KernelClass[] = [];
  let classCount = 0;
  let hugeWatermark = 0;
  let larger: KernelClass | undefined;
  for (let index = count - 1; index >= 0; index--) {
    const size = SMALLEST + index * STEP;
    const frames = bestChain(size, chain, rule);
    const objects = Math.floor((frames * FRAME_SIZE) / size);
    if (larger === undefined || larger.frames !== frames || larger.objects !== objects) {
      larger = { size, frames, objects };
      classCount++;
      if (hugeWatermark === 0 && frames !== 1 && objects !== 1) hugeWatermark = size;
    }
    bySize[index] = larger;
  }
  return { chain, bySize, classCount, hugeWatermark };
}

/**
 * The class of a payload.
 *
 * Where a zspage holds one object the header lies elsewhere, so a whole frame of payload fits.
 */
export function kernelClassOf(geometry: KernelGeometry, length: number): KernelClass {
  const index = Math.ceil((length + KERNEL_HEADER_SIZE - SMALLEST) / STEP);
  const last = geometry.bySize.length - 1;
  return geometry.bySize[Math.min(last, Math.max(0, index))] as KernelClass;
}

/** What a pool of the kernel would hold for the same payloads. */
export interface KernelPool {
  readonly payloadBytes: number;
  /** Frames of zspages with every object packed: after filling, or after a full compaction. */
  readonly zspageBytes: number;
  /** The word that a handle points to, 8 bytes an object, without its own allocator's losses. */
  readonly handleBytes: number;
}

/** Adds up what payloads cost; each class has one partly filled zspage at most. */
export function simulateKernelPool(
  geometry: KernelGeometry,
  lengths: Iterable<number>,
): KernelPool {
  const used = new Map<KernelClass, number>();
  let payloadBytes = 0;
  let objects = 0;
  for (const length of lengths) {
    const sizeClass = kernelClassOf(geometry, length);
    used.set(sizeClass, (used.get(sizeClass) ?? 0) + 1);
    payloadBytes += length;
    objects++;
  }
  let zspageBytes = 0;
  for (const [{ frames, objects: perZspage }, count] of used) {
    zspageBytes += Math.ceil(count / perZspage) * frames * FRAME_SIZE;
  }
  return { payloadBytes, zspageBytes, handleBytes: objects * 8 };
}

function bestChain(size: number, chain: number, rule: ChainRule): number {
  if ((size & (size - 1)) === 0) return 1;
  let best = 1;
  let bestWaste = Infinity;
  for (let frames = 1; frames <= chain; frames++) {
    const bytes = frames * FRAME_SIZE;
    const tail = bytes % size;
    const waste = rule === "absolute" ? tail : 100 - Math.floor(((bytes - tail) * 100) / bytes);
    if (waste < bestWaste) {
      bestWaste = waste;
      best = frames;
    }
  }
  return best;
}
