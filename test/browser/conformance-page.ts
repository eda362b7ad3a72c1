/**
 * What the page does: compiles both builds of the module as it would in a program, runs every case
 * of every suite, and leaves the results where the test finds them.
 */
import { compileFrom } from "../../src/platform/compile.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { type CaseResult, conformanceSuites } from "./conformance-suites.ts";

async function runAll(): Promise<CaseResult[]> {
  const [testing, release] = await Promise.all(
    ["/zmem.testing.wasm", "/zmem.wasm"].map((path) => compileFrom(path)),
  );
  if (testing === undefined || release === undefined) throw new Error("a module is missing");
  const results: CaseResult[] = [];
  for (const { name: suite, cases } of conformanceSuites(
    instantiator(testing),
    instantiator(release),
  )) {
    for (const { name, run } of cases) {
      let error: string | null = null;
      try {
        run();
      } catch (thrown) {
        error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      }
      results.push({ suite, name, error });
    }
  }
  return results;
}

Object.assign(globalThis, { conformanceResults: runAll() });
