// Messages on a pipe: four bytes that say how long each is, the highest first, and so many bytes of JSON.

const head = 4;

/** The messages that come in, one after the other. */
export async function* readFrames(stream) {
  let waiting = [];
  let length = 0;
  for await (const piece of stream) {
    waiting.push(piece);
    length += piece.length;
    while (length >= head) {
      if (waiting[0].length < head) waiting = [Buffer.concat(waiting)];
      const size = waiting[0].readUInt32BE(0);
      if (length < head + size) break;
      const all = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
      yield JSON.parse(all.subarray(head, head + size).toString("utf8"));
      const rest = all.subarray(head + size);
      waiting = rest.length ? [rest] : [];
      length = rest.length;
    }
  }
}

/** A function that writes messages to a stream. */
export function writeFrame(stream) {
  const write = stream.write.bind(stream);
  return (message) => {
    const body = Buffer.from(JSON.stringify(message), "utf8");
    const size = Buffer.alloc(head);
    size.writeUInt32BE(body.length);
    write(Buffer.concat([size, body]));
  };
}
