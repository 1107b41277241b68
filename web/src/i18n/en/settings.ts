import { counted } from "../plural";

export const settings = {
  title: "Settings",
  readOnly: "You may look at these; an admin of the project can change them.",
  general: "The project",
  projectTitle: "Title",
  projectTitleAbout: "What people call it. Its name in addresses stays as it is.",
  notify: "Who is told of silence",
  notifyAbout: "When a source of this project sends nothing for longer than expected.",
  reports: "Reports",
  reportsAbout:
    "What came in, went out, waits and was given up, by mail: one address a line. They need a mail relay.",
  day: "Every morning, about the day before",
  week: "On Monday mornings, about the week before",
  retention: "Keeping and erasing",
  retentionAbout:
    "How long things are kept; empty means for ever. What still waits to be delivered is kept however old it is.",
  kept: {
    messages: "Messages",
    bodies: "Contents of messages",
    attempts: "Attempts",
  },
  keptAbout: {
    messages: "What is left of an older one is that it came in, when, and by which source.",
    bodies: "The bytes that came in, and what was sent and answered for them.",
    attempts: "What is known of each try. How many there were stays.",
  },
  afterSuccess: "Contents after success",
  success: {
    forever: "Keep them as above",
    nothing: "Keep nothing after success",
    while: "Keep them for a while after the last success",
  },
  successFor: "How long after the last success",
  unit: (label: string) => `Unit: ${label}`,
  units: { s: "seconds", m: "minutes", h: "hours", d: "days" },
  forEver: "for ever",
  spans: {
    s: (count: number) => counted("en", count, { one: "# second", other: "# seconds" }),
    m: (count: number) => counted("en", count, { one: "# minute", other: "# minutes" }),
    h: (count: number) => counted("en", count, { one: "# hour", other: "# hours" }),
    d: (count: number) => counted("en", count, { one: "# day", other: "# days" }),
  },
  sentence: {
    nothing: "Nothing is erased: everything is kept for ever.",
    messages: (span: string) =>
      `A message and all that tells of whom it was is erased ${span} after it came in.`,
    bodies: (span: string) => `The contents of messages are erased ${span} after they came in.`,
    attempts: (span: string) => `Attempts are erased after ${span}.`,
    successNow: "Contents are erased as soon as all deliveries of a message have succeeded.",
    success: (span: string) =>
      `Contents are erased ${span} after all deliveries of a message have succeeded.`,
    wrong: "A length of time is a whole number.",
  },
  save: "Save",
  saved: "The settings are saved.",
  eraseAsk: "Erase this for good?",
  eraseNow: "With this retention the hub erases at once, for good:",
  eraseAction: "Save and erase",
  erases: {
    messages: (count: number) => counted("en", count, { one: "# message", other: "# messages" }),
    bodies: (count: number) =>
      counted("en", count, {
        one: "the contents of # other message",
        other: "the contents of # other messages",
      }),
    attempts: (count: number) => counted("en", count, { one: "# attempt", other: "# attempts" }),
    more: "These are the first of them; there are more.",
  },
  sendReport: "Send a report now",
  sendReportAbout:
    "It counts up to the present and is marked as a preview. The regular ones come as before.",
  every: "About",
  periods: { day: "the last 24 hours", week: "the last 7 days" },
  to: "To",
  toAbout: "One mail address; empty for those above.",
  send: "Send it",
  sentTo: (recipient: string) => `A report is on its way to ${recipient}.`,
  notSentTo: (recipient: string, error: string) => `Nothing goes to ${recipient}: ${error}`,
  sentToNobody: "Nobody is named above, so nobody gets it. Name a mail address.",
  pause: "Sending",
  running: "running",
  paused: "paused",
  runningAbout:
    "Pausing stops all that goes out of this project. Messages still come in, and their deliveries wait; nothing is lost.",
  pausedAbout:
    "Nothing goes out. Messages come in, and their deliveries wait. Resuming sends what waited, but for what a paused connection or forwarder holds back.",
  pauseAction: "Pause the project",
  resumeAction: "Resume the project",
  pauseAsk: "Pause the whole project?",
  resumeAsk: "Resume the whole project?",
  resumeAbout:
    "What waited goes out at once, but for what a paused connection or forwarder holds back.",
  nowPaused: "The project is paused. What comes in waits.",
  nowRunning: "The project runs again. What waited goes out.",
};
