/**
 * Runs oxlint over assembly/, which it can't read as it is.
 *
 * Why so: AssemblyScript allows decorators on free functions and constants (`@inline function f`),
 * TypeScript does not, and every linter for TypeScript refuses such a file whole. So oxlint reads a
 * copy in which these decorators are blanked by spaces: each line and column stays where it was.
 * Decorators of classes and methods are legal TypeScript and stay. Two rules are off because the
 * languages differ: a u64 literal is exact, and asc wants a `return` behind a loop without end.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listFiles, ROOT } from "./sources.mjs";

/** The decorator and what it stands before: a function, a constant or a variable. */
const FREE_DECORATOR =
  /^([ \t]*)(@[a-zA-Z]+(?:\([^)]*\))?)(?=\s+(?:@[a-zA-Z]+\s+)*(?:export\s+)?(?:declare\s+)?(?:function|const|let)\b)/gm;

/** @returns whether the linter is content, and what it said, with the paths of the originals */
export function lintAssembly() {
  // Outside the checkout: oxlint passes over what git ignores, whatever it is told.
  const copy = mkdtempSync(join(tmpdir(), "zmem-lint-"));
  const files = listFiles("assembly").filter((path) => path.endsWith(".ts"));
  for (const path of files) {
    const text = readFileSync(join(ROOT, path), "utf8");
    const blanked = text.replace(
      FREE_DECORATOR,
      (_, indent, decorator) => indent + " ".repeat(decorator.length),
    );
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), blanked);
  }
  const { status, stdout, stderr } = spawnSync(
    join(ROOT, "node_modules/.bin/oxlint"),
    ["-c", join(ROOT, ".oxlintrc.assembly.json"), "--deny-warnings", "assembly"],
    { cwd: copy, encoding: "utf8" },
  );
  rmSync(copy, { recursive: true, force: true });
  return { ok: status === 0, output: stdout + stderr };
}
