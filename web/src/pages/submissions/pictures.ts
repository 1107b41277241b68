// Which files are drawn as pictures: those of kinds that are nothing but pixels, and not too large for
// a slow line. Drawings (SVG) are documents, and are downloaded.
import type { AttachedFile } from "./queries";

const KINDS = new Set([
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
]);
const MOST_BYTES = 16 * 1024 * 1024;

export function isPicture({
  sha256,
  content_type,
  bytes,
}: Pick<AttachedFile, "sha256" | "content_type" | "bytes">): boolean {
  const kind = content_type?.split(";")[0]?.trim().toLowerCase();
  return sha256 !== null && kind !== undefined && KINDS.has(kind) && (bytes ?? 0) <= MOST_BYTES;
}
