// What ODK Collect and KoboCollect read from a QR code: their settings as JSON, compressed by zlib,
// in base64. The password is not in it: it is typed on the phone.

export interface CollectSettings {
  url: string;
  /** The name of the key that the phone proves itself with; none where nobody is asked. */
  username: string | null;
  /** What the phone calls it. */
  name: string;
}

export function settingsJson({ url, username, name }: CollectSettings): string {
  const general = { server_url: url, ...(username === null ? {} : { username }) };
  return JSON.stringify({ general, admin: {}, project: { name } });
}

/** The text of the QR code. */
export async function qrText(settings: CollectSettings): Promise<string> {
  const json = new Blob([settingsJson(settings)]);
  // "deflate" is the format of zlib, with its head and its checksum.
  const packed = new Response(json.stream().pipeThrough(new CompressionStream("deflate")));
  const bytes = new Uint8Array(await packed.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
