/**
 * The statistics of the benches: medians, their spread, and confidence intervals.
 *
 * Why so: times on a shared machine have a long tail to one side, so medians stand for the middle
 * and the median absolute deviation for the spread. Intervals are made by the bootstrap (Efron
 * 1979): resample with replacement, take the medians' quantiles; it assumes no distribution. It is
 * seeded, so the same file gives the same interval.
 */
import { seededRandom } from "../corpora/random.ts";

/** Makes a normal distribution's median absolute deviation equal its standard deviation. */
const MAD_TO_DEVIATION = 1.4826;
const RESAMPLES = 1000;
/** Fewer samples say nothing of how far they scatter. */
const LEAST_SAMPLES = 3;
const BOOTSTRAP_SEED = 20101;

/** The middle value; NaN for no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share 0 (the lowest) to 1 (the highest); between two values by proportion */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((first, second) => first - second);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** A robust standard deviation: the median distance from the median, scaled. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle))) * MAD_TO_DEVIATION;
}

/** The geometric mean of positive values; NaN for no values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Samples of two rows of one comparison, joined round by round; pauses are left out. */
export function pairedRatios(
  numerators: readonly (number | null)[],
  denominators: readonly (number | null)[],
): number[] {
  const ratios: number[] = [];
  for (let round = 0; round < Math.min(numerators.length, denominators.length); round++) {
    const above = numerators[round];
    const below = denominators[round];
    if (above !== null && above !== undefined && below !== null && below !== undefined) {
      ratios.push(above / below);
    }
  }
  return ratios;
}

/** The samples without the pauses. */
export function present(samples: readonly (number | null)[]): number[] {
  return samples.filter((sample) => sample !== null);
}

/** An interval that holds the true value with 95 % confidence. */
export interface Interval {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/**
 * The ratio of two medians from independent runs, with its 95 % bootstrap interval.
 *
 * @returns NaN throughout when either side has no samples, and for the bounds when it has fewer than
 *   three
 */
export function ratioInterval(after: readonly number[], before: readonly number[]): Interval {
  const middle = median(after) / median(before);
  if (Number.isNaN(middle) || Math.min(after.length, before.length) < LEAST_SAMPLES)
    return { low: Number.NaN, middle, high: Number.NaN };
  const random = seededRandom(BOOTSTRAP_SEED);
  const resample = (values: readonly number[]): number[] =>
    values.map(() => values[random.below(values.length)] as number);
  const ratios = Array.from(
    { length: RESAMPLES },
    () => median(resample(after)) / median(resample(before)),
  );
  return { low: quantile(ratios, 0.025), middle, high: quantile(ratios, 0.975) };
}
