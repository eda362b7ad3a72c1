/**
 * Draws by Zipf's law: the i-th of the ranks comes with a weight of 1 / (i + 1)^exponent.
 */
import type { Random } from "./random.ts";

/**
 * @param count ranks, 0 to `count` - 1
 * @returns draws one rank each time, by the inverse of the cumulated weights
 */
export function zipfDraws(count: number, exponent: number, random: Random): () => number {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulated[rank] = sum;
  }
  return () => {
    const wanted = random.fraction() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
