/** Types of wasm.mjs for the scripts in TypeScript. */
export const MODULES: readonly { name: string; config: string; entry: string; output: string }[];
export function buildWasm(): Promise<string[]>;
