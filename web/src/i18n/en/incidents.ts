import { counted } from "../plural";

export const incidents = {
  title: "Incidents",
  incident: "Incident",
  about:
    "Stretches of trouble: destinations that do not take what they are sent, sources that are silent, and calls of lifecycles that fail.",
  empty:
    "All is well: nothing was in trouble yet. An incident begins here when somebody should look.",
  emptyFiltered: "No incident fits these filters.",
  open: "Open",
  past: "Past",
  nonePast: "Nothing is over yet.",
  titles: {
    connection: (name: string) => `Trouble with ${name}`,
    silence: (name: string) => `Silence from ${name}`,
    call: (name: string) => `Failing call ${name}`,
  },
  noneOpen: "Nothing is in trouble now.",
  openCount: (count: number) =>
    counted("en", count, { one: "# open incident", other: "# open incidents" }),
  columns: {
    subject: "Whom",
    kind: "What",
    state: "State",
    since: "Since",
    lasted: "Lasted",
    failures: "Failed tries",
    givenUp: "Given up",
    last: "Seen last",
    id: "Id",
  },
  kinds: { connection: "destination", silence: "silence", call: "call" },
  states: { open: "open", recovered: "over" },
  filters: {
    kind: "What",
    subject: "Whom",
    any: "any",
    about: (subject: string) => `about ${subject}`,
  },
  told: {
    connection: (name: string, since: string) => `${name} has been in trouble since ${since}.`,
    recovering: (name: string, since: string, over: string) =>
      `${name} takes what it is sent again since ${since}. This is over at ${over}, if nothing fails until then.`,
    connectionOver: (name: string, time: string) => `${name} was in trouble for ${time}.`,
    silence: (name: string, since: string) =>
      `Nothing has come in from ${name} for longer than expected, noticed ${since}.`,
    silenceOver: (name: string, time: string) =>
      `${name} was silent for ${time} after it was noticed.`,
    call: (name: string, since: string) =>
      `The call ${name} has failed since ${since}. What failed is not sent again by itself.`,
    callRecovering: (name: string, since: string, over: string) =>
      `The call ${name} goes well again since ${since}. This is over at ${over}, if none fails until then.`,
    callOver: (name: string, time: string) => `The call ${name} failed for ${time}.`,
    waiting: (count: string) => `${count} deliveries wait.`,
    waitingOne: "1 delivery waits.",
    next: (when: string) => `Next try ${when}.`,
    paused: "The connection is paused.",
  },
  tryNow: "Try now",
  test: "Test the connection",
  pause: "Pause",
  resume: "Resume",
  seeWaiting: "See what waits",
  seeGivenUp: "See what was given up",
  seeMessages: "See its messages",
  seeSubmission: "See the submission",
  close: "End it",
  closeAsk: "End this incident?",
  closeAbout:
    "Those who were told that it began are told that it is over. Where the trouble goes on, another one begins.",
  closed: "The incident is over.",
  counts: "While it lasts",
  countsOver: "While it lasted",
  failures: "Failed tries",
  failedCalls: "Failed calls",
  givenUp: "Given up",
  waiting: "Waiting",
  oldest: "Oldest waits since",
  nextTry: "Next try",
  noticed: "Noticed",
  ended: "Ended",
  reminded: "Reminded",
  last: "What was seen last",
  lastMessage: "The last message",
  lastNever: "Nothing ever came from it.",
  at: "At",
  error: "Error",
  url: "Address",
  delivery: "Delivery",
  submission: "Submission",
  message: "Message",
  key: "Key",
  notices: "Who was told",
  noNotices:
    "Nobody is named to be told of it. Add addresses under notify of the connection, or of the project.",
  noticeKinds: {
    opened: "it began",
    reminder: "it lasts",
    recovered: "it is over",
    "given-up": "deliveries given up",
    report: "report",
    lifecycle: "lifecycle",
  },
  noticeStates: {
    pending: "waiting",
    sent: "sent",
    "given-up": "given up",
    "not-sent": "not sent",
  },
  channels: { mail: "by mail", webhook: "by webhook" },
  showText: "Show the text",
  chart: {
    title: "Around it",
    noticed: "noticed",
    over: "over",
    connection: (delivered: number, failed: number) => {
      const out = counted("en", delivered, { one: "# delivered", other: "# delivered" });
      const tries = counted("en", failed, { one: "# failed try", other: "# failed tries" });
      return `${out}, ${tries}.`;
    },
    silence: (received: number) =>
      counted("en", received, { one: "# came in.", other: "# came in." }),
    steps: { "1m": "a minute", "5m": "five minutes", "1h": "an hour", "1d": "a day" },
  },
};
