/** Types of bundle.mjs for the tests in TypeScript. */
export function buildDist(): Promise<void>;
export function measureSizes(): {
  file: string;
  gzip: boolean;
  limit: number;
  actual: number;
  fits: boolean;
}[];
