import { counted } from "../plural";

export const messages = {
  title: "Messages",
  message: "Message",
  empty:
    "Nothing has come in yet. A message appears here the moment a sender posts to one of the project’s inboxes.",
  emptyFiltered: "No message fits these filters.",
  columns: {
    received: "Received",
    id: "Id",
    source: "Source",
    state: "State",
    way: "Way",
    identity: "Identity",
    type: "Content type",
    bytes: "Size",
    version: "Version",
  },
  filters: {
    source: "From",
    state: "State",
    since: "Since",
    until: "Until",
    from: (source: string) => `from ${source}`,
    sinceTime: (time: string) => `since ${time}`,
    untilTime: (time: string) => `before ${time}`,
    text: (text: string) => `with “${text}”`,
    any: "any",
    search: "Text, identity or id",
    content: "With a value",
    contentAbout: "A path in the content, and what stands there.",
    path: "Path",
    value: "Value",
    add: "Add",
  },
  tabs: {
    received: "Received",
    parsed: "Parsed",
    headers: "Headers",
    matched: "Why matched",
    attempts: "Attempts",
    versions: "Versions",
    history: "History",
  },
  from: (source: string) => `from ${source}`,
  versionOf: (version: number) => `version ${version}`,
  seen: (count: number) => counted("en", count, { one: "seen once", other: "seen # times" }),
  erased: "Its bytes were erased",
  replay: "Replay",
  replayAbout:
    "The message is matched again by today’s filters. New deliveries are marked as replay; what was delivered before is sent again.",
  replayAsk: "Replay this message?",
  replayed: (count: number) =>
    counted("en", count, { one: "Replayed: # new delivery", other: "Replayed: # new deliveries" }),
  replayMany: {
    open: "Replay…",
    title: "Replay what the list finds",
    about:
      "Messages are matched again, by today’s filter of one forwarder. What it wants is sent again, marked as a replay.",
    everything: "All messages that were kept.",
    notByValue:
      "A replay cannot look for a value in messages: take that filter away. The forwarder’s own filter looks at the content in any case.",
    textInIdentities: "For a replay, the text is looked for in identities and ids only.",
    which: (filters: string) => `Messages ${filters}.`,
    forwarder: "With the forwarder",
    rate: "Deliveries a second at most",
    rateAbout: "0 is as fast as it goes.",
    looked: (count: number) =>
      counted("en", count, { one: "# message is looked at.", other: "# messages are looked at." }),
    act: (count: string) => `Replay ${count}`,
  },
  replayUnreadable: (reason: string) => `It still cannot be read: ${reason}`,
  download: "Download the exact bytes",
  noForwarders: "The project has no forwarders yet, so nothing was asked of this message.",
  wants: "wants it",
  wantsNot: "does not want it",
  everything: "wants everything",
  noAttempts: "Nothing was tried yet.",
  parameters: "Parameters of the address",
  thisOne: "this one",
  oneVersion: "There is one version of it: nothing else came in under its identity.",
  compare: "Compare",
  differencesOnly: "What differs",
  sideBySide: "Side by side",
  path: "Where",
  differences: (count: number, more: boolean) =>
    more
      ? `The first ${count} differences`
      : counted("en", count, { one: "# difference", other: "# differences" }),
  history: {
    received: "Received",
    made: (forwarder: string, connection: string) =>
      `Delivery made by ${forwarder} for ${connection}`,
    resent: (connection: string) => `Sent again to ${connection}`,
    replayed: (forwarder: string, connection: string) =>
      `Replayed: delivery made by ${forwarder} for ${connection}`,
    tried: (connection: string, number: number) => `Try ${number} at ${connection}`,
    erased: "Its bytes were erased",
  },
  table: { connection: "Connection", number: "Try", at: "At", took: "Took", outcome: "Outcome" },
};
