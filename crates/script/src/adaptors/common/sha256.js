// SHA-256 and its HMAC, for signed addresses and for ids that follow from a text. The numbers are
// those of FIPS 180-4: the fractions of square and cube roots of the first primes.

const primes = [];
for (let number = 2; primes.length < 64; number++) {
  if (primes.every((prime) => number % prime)) primes.push(number);
}
const fraction = (root) => ((root - Math.floor(root)) * 0x1_0000_0000) >>> 0;
const start = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const rounds = primes.map((prime) => fraction(Math.cbrt(prime)));

const turned = (word, bits) => (word >>> bits) | (word << (32 - bits));

function padded(bytes) {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const block = new Uint8Array(length);
  block.set(bytes);
  block[bytes.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 0x2000_0000));
  view.setUint32(length - 4, (bytes.length * 8) >>> 0);
  return view;
}

function wordsOf(view, at) {
  const words = new Uint32Array(64);
  for (let index = 0; index < 16; index++) words[index] = view.getUint32(at + index * 4);
  for (let index = 16; index < 64; index++) {
    const [early, late] = [words[index - 15], words[index - 2]];
    const first = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const second = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    words[index] = words[index - 16] + first + words[index - 7] + second;
  }
  return words;
}

/** The SHA-256 of bytes. */
export function sha256(bytes) {
  const view = padded(bytes);
  const state = Uint32Array.from(start);
  for (let at = 0; at < view.byteLength; at += 64) {
    const words = wordsOf(view, at);
    let [a, b, c, d, e, f, g, h] = state;
    for (let index = 0; index < 64; index++) {
      const mixed = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const first = (h + mixed + ((e & f) ^ (~e & g)) + rounds[index] + words[index]) | 0;
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => {
      state[index] += word;
    });
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setUint32(index * 4, word));
  return new Uint8Array(digest.buffer);
}

const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "utf8"));
const joined = (first, second) => Uint8Array.from([...first, ...second]);

/** The SHA-256 of a text, as digits. */
export function sha256Hex(text) {
  return Buffer.from(sha256(bytesOf(text))).toString("hex");
}

/** The HMAC with SHA-256 of a text under the key, as base64. */
export function hmacSha256(key, text) {
  const given = bytesOf(key);
  const secret = new Uint8Array(64);
  secret.set(given.length > 64 ? sha256(given) : given);
  const inner = sha256(joined(secret.map((byte) => byte ^ 0x36), bytesOf(text)));
  const outer = sha256(joined(secret.map((byte) => byte ^ 0x5c), inner));
  return Buffer.from(outer).toString("base64");
}
