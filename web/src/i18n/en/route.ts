import { counted } from "../plural";

export const route = {
  received: "received",
  decoded: "decoded",
  matched: "matched",
  kept: "kept",
  duplicate: "duplicate",
  quarantined: "not readable",
  matches: (wanted: number, of: number) => `${wanted} of ${of}`,
  nobody: "wanted by none",
  tries: (count: number) => counted("en", count, { one: "# try", other: "# tries" }),
  next: (when: string) => `next try ${when}`,
  now: "being sent",
  more: (count: number) => counted("en", count, { one: "# more", other: "# more" }),
  because: {
    order: "waits for its turn",
    "paused-project": "the project is paused",
    "paused-connection": "the connection is paused",
    "paused-forwarder": "the forwarder is paused",
    "paused-hub": "sending is paused for a while",
    "left-alone": "the destination is left alone for a while",
    rate: "waits for the rate to allow it",
  },
  way: "The way of the message",
};
