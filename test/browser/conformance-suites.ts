/**
 * The backends that run the conformance suite in the browser, listed once for the page and for the
 * test that waits for it: so a case that the page drops is noticed.
 */
import type { CreateInstance } from "../../src/platform/instantiate.ts";
import { conformanceCases } from "../conformance/backend.ts";
import type { ConformanceCase } from "../conformance/case.ts";
import { mapFactory } from "../conformance/map-backend.ts";
import { shardedFactory, zmemFactory } from "../conformance/zmem-backend.ts";

/** The cases of one backend. */
export interface ConformanceSuite {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}

/** What the page reports of a case. */
export interface CaseResult {
  readonly suite: string;
  readonly name: string;
  /** Null when it passed. */
  readonly error: string | null;
}

/**
 * @param testing starts the testing build
 * @param release starts the release build
 */
export function conformanceSuites(
  testing: CreateInstance,
  release: CreateInstance,
): ConformanceSuite[] {
  const suites = [
    { build: "", factory: mapFactory() },
    { build: ", testing build", factory: zmemFactory(testing) },
    { build: ", testing build", factory: zmemFactory(testing, 65536) },
    { build: ", testing build", factory: shardedFactory(testing) },
    { build: ", release build", factory: zmemFactory(release) },
  ];
  return suites.map(({ build, factory }) => ({
    name: `${factory.name}${build}`,
    cases: conformanceCases(factory),
  }));
}
