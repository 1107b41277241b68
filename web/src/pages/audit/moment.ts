// The ids of entries are UUIDv7: they begin with the moment at which they were made.

const VERSION_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Milliseconds since 1970; null for what is no such id. */
export function momentOf(id: string): number | null {
  const found = VERSION_7.exec(id);
  return found === null ? null : Number.parseInt(`${found[1]}${found[2]}`, 16);
}
