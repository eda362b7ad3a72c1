/** A path may hold any character, but a line break or an escape must not reach the terminal. */
export function toPrintable(path: string): string {
  return path.replace(/[\p{Cc}\p{Cf}]/gu, "\uFFFD");
}
