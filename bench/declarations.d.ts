/**
 * Types of the peers that ship none, no more than the benches use.
 */
declare module "sql.js" {
  interface Statement {
    run(values: readonly unknown[]): void;
    free(): void;
  }
  interface Database {
    run(sql: string): void;
    exec(sql: string): { readonly values: readonly (readonly unknown[])[] }[];
    prepare(sql: string): Statement;
    export(): Uint8Array;
    close(): void;
  }
  export default function initSqlJs(options?: {
    readonly locateFile?: (name: string) => string;
  }): Promise<{ readonly Database: new () => Database }>;
}

declare module "snappyjs" {
  export function compress(input: Uint8Array): Uint8Array;
  export function uncompress(input: Uint8Array, maxLength?: number): Uint8Array;
}

declare module "lz4-wasm-nodejs" {
  export function compress(input: Uint8Array): Uint8Array;
  export function decompress(input: Uint8Array): Uint8Array;
  export const __wasm: Record<string, unknown>;
}

declare module "lz4-wasm/lz4_wasm_bg.js" {
  export function compress(input: Uint8Array): Uint8Array;
  export function decompress(input: Uint8Array): Uint8Array;
}

declare module "lz4js" {
  const lz4js: {
    compressBound(length: number): number;
    compressBlock(
      source: Uint8Array,
      destination: Uint8Array,
      start: number,
      length: number,
      table: Uint32Array,
    ): number;
    decompressBlock(
      source: Uint8Array,
      destination: Uint8Array,
      start: number,
      length: number,
      to: number,
    ): number;
  };
  export default lz4js;
}

declare module "*/scripts/sources.mjs" {
  export const ROOT: string;
  export function listFiles(folder: string): string[];
  export function hashFiles(paths: readonly string[]): string;
}

declare module "*/scripts/wasm.mjs" {
  export function buildWasm(): Promise<string[]>;
}
