// Words for the codes of the hub. One that is newer than the page may say what has no word yet:
// then its own sentence is shown.

/** What is said for a code; undefined for one that the page does not know. */
export function known<Word>(
  words: Readonly<Record<string, Word>>,
  code: string | null | undefined,
): Word | undefined {
  return code != null && Object.hasOwn(words, code) ? words[code] : undefined;
}
