// Buffer, as far as jobs use it: bytes from text and back, in the encodings that Node has.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const places = new Map([...alphabet].map((letter, place) => [letter, place]));
places.set("-", 62).set("_", 63);

function bytesOfUtf8(text) {
  const bytes = [];
  for (const letter of text) {
    let code = letter.codePointAt(0);
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    } else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      bytes.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return bytes;
}

// What is no UTF-8 becomes U+FFFD, one for each longest beginning of a letter that broke off.
function textOfUtf8(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++];
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    let more = 0;
    let low = 0x80;
    let high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first === 0xe0) low = 0xa0;
      if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first === 0xf0) low = 0x90;
      if (first === 0xf4) high = 0x8f;
    }
    let code = more && first & (0x3f >> more);
    let left = more;
    while (left && bytes[at] >= low && bytes[at] <= high) {
      code = (code << 6) | (bytes[at++] & 63);
      low = 0x80;
      high = 0xbf;
      left--;
    }
    text += more && !left ? String.fromCodePoint(code) : "\ufffd";
  }
  return text;
}

function bytesOfBase64(text) {
  const bytes = [];
  let bits = 0;
  let count = 0;
  for (const letter of text) {
    if (letter === "=") break;
    const place = places.get(letter);
    if (place === undefined) continue;
    bits = (bits << 6) | place;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 255);
      bits &= (1 << count) - 1;
    }
  }
  return bytes;
}

function base64OfBytes(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const three = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet[three >> 18] + alphabet[(three >> 12) & 63];
    text += at + 1 < bytes.length ? alphabet[(three >> 6) & 63] : "=";
    text += at + 2 < bytes.length ? alphabet[three & 63] : "=";
  }
  return text;
}

const letters = (bytes, mask) => Array.from(bytes, (byte) => String.fromCharCode(byte & mask)).join("");
const codes = (text) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));

const encodings = {
  utf8: { read: bytesOfUtf8, write: textOfUtf8 },
  base64: { read: bytesOfBase64, write: base64OfBytes },
  base64url: {
    read: bytesOfBase64,
    write: (bytes) => base64OfBytes(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
  },
  hex: {
    read: (text) => (text.match(/^(?:[0-9a-f]{2})*/i)[0].match(/../g) ?? []).map((two) => parseInt(two, 16)),
    write: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  },
  latin1: { read: codes, write: (bytes) => letters(bytes, 255) },
  ascii: { read: codes, write: (bytes) => letters(bytes, 127) },
  utf16le: {
    read: (text) => codes(text).flatMap((code) => [code & 255, code >> 8]),
    write: (bytes) =>
      Array.from({ length: bytes.length >> 1 }, (_, at) =>
        String.fromCharCode(bytes[2 * at] | (bytes[2 * at + 1] << 8)),
      ).join(""),
  },
};
encodings["utf-8"] = encodings.utf8;
encodings.binary = encodings.latin1;
encodings.ucs2 = encodings["ucs-2"] = encodings["utf-16le"] = encodings.utf16le;

function encodingOf(name) {
  const encoding = Object.hasOwn(encodings, String(name).toLowerCase())
    ? encodings[String(name).toLowerCase()]
    : undefined;
  if (!encoding) throw new TypeError(`Unknown encoding: ${name}`);
  return encoding;
}

// The bytes of a Buffer are made by `bytes`, since its own constructor is closed to jobs.
let opened = false;

function bytes(source) {
  opened = true;
  try {
    return new Buffer(source);
  } finally {
    opened = false;
  }
}

export class Buffer extends Uint8Array {
  constructor(...values) {
    // Methods of typed arrays such as `slice` make a new one from a length or a piece of memory.
    if (!opened && (typeof values[0] === "string" || Array.isArray(values[0]))) {
      throw new Error("Do not call Buffer() constructor directly. Use Buffer.from() instead.");
    }
    super(...values);
  }

  static from(source, encoding = "utf8") {
    if (typeof source === "string") return bytes(encodingOf(encoding).read(source));
    if (source?.type === "Buffer" && Array.isArray(source.data)) return bytes(source.data);
    if (Array.isArray(source) || ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return bytes(source);
    throw new TypeError("A Buffer is made from text, an array or an ArrayBuffer");
  }

  static alloc(size, fill = 0) {
    return bytes(size).fill(fill);
  }

  static concat(list) {
    return bytes(list.flatMap((part) => [...part]));
  }

  static isBuffer(value) {
    return value instanceof Buffer;
  }

  static byteLength(source, encoding) {
    return Buffer.from(source, encoding).length;
  }

  static isEncoding(name) {
    return Object.hasOwn(encodings, String(name).toLowerCase());
  }

  toString(encoding = "utf8", start = 0, end = this.length) {
    return encodingOf(encoding).write(this.subarray(start, end));
  }

  toJSON() {
    return { type: "Buffer", data: [...this] };
  }

  equals(other) {
    return this.length === other.length && this.every((byte, at) => byte === other[at]);
  }
}
