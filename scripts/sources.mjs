/**
 * Which files a build step depends on, and the hash that says whether they have changed.
 *
 * Paths are relative to the root of the checkout and hashed with their contents, so a renamed file
 * is a changed source, and a checkout at another place is not.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** All files below a folder of the checkout, as sorted paths relative to the root; [] for none. */
export function listFiles(folder) {
  let entries;
  try {
    entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** SHA-256, in hex, over the names and contents of files given relative to the root. */
export function hashFiles(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** The text of a file given relative to the root, or null when there is none. */
export function readOrNull(path) {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}
