import { counted } from "../plural";

export const deliveries = {
  title: "Deliveries",
  delivery: "Delivery",
  empty:
    "Nothing has gone out yet. A delivery is made when a message, form or case comes in that a forwarder wants.",
  emptyFiltered: "No delivery fits these filters.",
  columns: {
    made: "Made",
    state: "State",
    connection: "Connection",
    forwarder: "Forwarder",
    event: "Event",
    key: "Key",
    way: "Way",
    status: "Status",
    error: "Last error",
    tries: "Tries",
    next: "Next try",
    origin: "Made by",
    id: "Id",
  },
  origins: { event: "its event", resend: "a resend", replay: "a replay" },
  counts: "By state",
  filters: {
    state: "State",
    any: "any",
    connection: "To",
    forwarder: "Forwarder",
    source: "From",
    origin: "Made by",
    key: "Key",
    sort: "Sorted by",
    sorts: {
      newest: "the newest first",
      oldest: "the oldest first",
      next_attempt: "the next try, of what waits",
      latest_attempt: "the next try, the latest first",
    },
    errorKind: "Failed because",
    status: "Answered",
    oneOf: (states: string[]) => states.join(" or "),
    answered: (status: string) => `answered ${status}`,
    holds: "Only what holds others back",
    since: "Made since",
    until: "Made before",
    search: "Id, key or error",
    toConnection: (name: string) => `to ${name}`,
    ofForwarder: (name: string) => `by ${name}`,
    fromSource: (name: string) => `from ${name}`,
    madeBy: (origin: string) => `made by ${origin}`,
    withKey: (key: string) => `key ${key}`,
    ofMessage: (id: string) => `of message ${id}`,
    cancelledBy: (id: string) => `cancelled by action ${id}`,
    named: (count: number) => counted("en", count, { one: "# by name", other: "# by name" }),
    holding: "holds others back",
    sinceTime: (time: string) => `made since ${time}`,
    untilTime: (time: string) => `made before ${time}`,
    withText: (text: string) => `with “${text}”`,
  },
  deeds: { retry: "Retry now", cancel: "Cancel", requeue: "Requeue", resend: "Resend" },
  deedAbout: {
    retry:
      "What waits is tried now. A try that fails counts like any other, and the pause after it is longer.",
    cancel: "What waits is not sent any more. This can be taken back.",
    requeue: "What has ended waits again under the same id, with all its tries.",
    resend: "The same bytes go out again, as a new delivery.",
  },
  done: {
    retry: "It is tried now.",
    cancel: "Cancelled. It is not sent.",
    requeue: "Requeued: it waits again, with all its tries.",
    resend: "Sent again, as a new delivery.",
  },
  undone: "It waits again.",
  showNew: "Show it",
  ask: {
    resendTitle: "Send it again?",
    resend: (connection: string) =>
      `${connection} gets the same bytes once more, under a new id. What it does with what it has already is up to it.`,
    resendWaiting: (connection: string) =>
      `This delivery still waits for ${connection}. A second one is made beside it, and both may arrive.`,
    requeueTitle: "Let it wait again?",
    requeueDelivered: (connection: string) =>
      `${connection} has taken it already. It gets it once more, under the same id.`,
    requeueSuperseded:
      "A newer one took its place. The older content arrives after the newer, and may undo it.",
    cancelTitle: "Cancel it?",
    cancelFollowers: (count: number) =>
      counted("en", count, {
        one: "# delivery waits behind it in order, and goes on without it.",
        other: "# deliveries wait behind it in order, and go on without it.",
      }),
  },
  story: {
    delivered: (connection: string, status: string) => `${connection} took it: ${status}.`,
    deliveredAfter: (connection: string, status: string, tries: string) =>
      `${connection} took it: ${status}, after ${tries}.`,
    tries: (count: number) => counted("en", count, { one: "# try", other: "# tries" }),
    refused: (connection: string) => `${connection} refused it. It is not tried again by itself.`,
    refusedWith: (connection: string, status: string) =>
      `${connection} refused it with ${status}. It is not tried again by itself.`,
    givenUp: (connection: string, tries: string) =>
      `It was given up after ${tries}: ${connection} did not take it.`,
    retrying: (connection: string, tries: string) => `${connection} has not taken it in ${tries}.`,
    retryingWith: (connection: string, status: string, tries: string) =>
      `${connection} answered ${status}. ${tries} so far.`,
    first: "It waits for its first try.",
    cancelled: "It was cancelled, and is not sent.",
    superseded: "A newer one took its place, and it is not sent.",
    holds: (count: number) =>
      counted("en", count, {
        one: "# delivery waits until it is requeued or cancelled.",
        other: "# deliveries wait until it is requeued or cancelled.",
      }),
    holdsNone: "What follows it in order waits until it is requeued or cancelled.",
  },
  facts: {
    title: "What it is",
    event: "Set off by",
    /** What set it off, by the hub's names. */
    events: {
      message: "a message",
      form: "a form",
      submission: "a submission",
      "form-stub": "a form, by its ids",
      case: "a case",
      "case-created": "a new case",
      "case-updated": "a changed case",
      "app-schema": "an application",
    } as Readonly<Record<string, string>>,
    submission: "Submission",
    case: "Case",
    message: "Message",
    forwarder: "Forwarder",
    connection: "Connection",
    key: "Key",
    origin: "Made by",
    made: "Made",
    budget: "Tries counted since",
    resendOf: "Sends again",
    supersededBy: "Superseded by",
    waitsFor: "Waits for",
    followers: "Behind it",
    waiting: (count: number) =>
      counted("en", count, { one: "# delivery waits", other: "# deliveries wait" }),
  },
  exactError: "The exact error",
  planned: "Next tries",
  plannedAbout: "Should every try fail at once; each is a little later or sooner by chance.",
  attempts: "Attempts",
  noAttempts: "Nothing was tried yet. The first try shows here as it happens.",
  table: {
    number: "Try",
    at: "At",
    took: "Took",
    outcome: "Outcome",
  },
  attempt: (number: number) => `Try ${number}`,
  kinds: {
    dns: "name not found",
    connect: "no connection",
    tls: "no safe connection",
    timeout: "no answer in time",
    status: "answered with an error",
    body: "unreadable answer",
    refused: "not allowed",
    build: "could not be built",
    authentication: "not signed in",
    interrupted: "interrupted",
  },
  /** Why the last try failed, in a few words. */
  kindTold: (kind: string) => `Last try: ${kind}`,
  request: "Request",
  response: "Answer",
  body: "Body",
  headers: "Headers",
  noRequest: "No request could be built.",
  noResponse: "Nothing was answered.",
  truncated: "The answer was longer than what is kept. This is its beginning.",
  erased: "The bodies were erased",
  compareWith: "Beside another try",
  sameBytes: "Both tries sent the same, byte for byte.",
  besideTry: (number: number) => `beside try ${number}`,
  copyCurl: "Copy as curl",
  curlSecrets: (names: string) =>
    `Credentials are not in it. Set these in the shell first: ${names}.`,
  curlFile: (name: string) => `Download the exact bytes as ${name} beside it first.`,
  bulk: {
    title: (deed: string) => `${deed}: what will happen`,
    counting: "Counting…",
    touched: {
      retry: (count: number) =>
        counted("en", count, {
          one: "# delivery is tried now.",
          other: "# deliveries are tried now.",
        }),
      cancel: (count: number) =>
        counted("en", count, {
          one: "# delivery is cancelled and not sent.",
          other: "# deliveries are cancelled and not sent.",
        }),
      requeue: (count: number) =>
        counted("en", count, {
          one: "# delivery waits again, with all its tries.",
          other: "# deliveries wait again, with all their tries.",
        }),
      resend: (count: number) =>
        counted("en", count, {
          one: "# new delivery is made: the same bytes go out again.",
          other: "# new deliveries are made: the same bytes go out again.",
        }),
    },
    states: "They are",
    copies: (count: number) =>
      counted("en", count, {
        one: "# of them was made by a resend or a replay.",
        other: "# of them were made by resends or replays.",
      }),
    passedOver: (count: number) =>
      counted("en", count, {
        one: "# is left as it is: its state does not allow this.",
        other: "# are left as they are: their state does not allow this.",
      }),
    none: "Nothing of this can be done with what is selected.",
    delivered: (count: number) =>
      counted("en", count, {
        one: "# of them has arrived already, and arrives once more.",
        other: "# of them have arrived already, and arrive once more.",
      }),
    now: "It concerns what is there at this moment, from the oldest on. What is being sent right now is passed over.",
    undo: "It can be taken back from the page of the action.",
    noUndo: "It can be stopped, but not taken back.",
    act: {
      retry: (count: string) => `Retry ${count}`,
      cancel: (count: string) => `Cancel ${count}`,
      requeue: (count: string) => `Requeue ${count}`,
      resend: (count: string) => `Resend ${count}`,
    },
    back: "Back",
    tooMany: (most: string) =>
      `More than ${most} cannot be named one by one: filter, and select all that match.`,
  },
};
