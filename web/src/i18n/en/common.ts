import { counted } from "../plural";

const states = {
  kept: "kept",
  quarantined: "quarantined",
  duplicate: "duplicate",
  pending: "waiting",
  failed: "retrying",
  succeeded: "delivered",
  cancelled: "cancelled",
  rejected: "refused",
  broken: "given up",
  superseded: "superseded",
};

export const common = {
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  notCopied: "Not copied: select the text, and copy it",
  undo: "Undo",
  tryAgain: "Try again",
  retryAfter: (seconds: number) =>
    counted("en", seconds, {
      one: "Can be tried again in # second",
      other: "Can be tried again in # seconds",
    }),
  hubIsAway: "The hub does not answer. Is it running, and are you online?",
  loading: "Loading…",
  mayBeOld: "What stands below could not be brought up to date.",
  reserved: (level: string) =>
    `This takes the level “${level}” in this project. The list of members shows who can give it to you: an owner can.`,
  reservedForInstallation:
    "These pages are for those who run the installation. Ask them, if something here should change.",
  /** What the hub's refusals mean for a page, by their codes. */
  problems: {
    erased: "This was erased for good, by retention or because somebody asked for it.",
    "access-too-low": "Your access does not cover this. An owner of the project can change that.",
  } as Readonly<Record<string, string | undefined>>,
  states,
  /** So many in a state. */
  stateCount: (state: keyof typeof states, count: number) =>
    counted("en", count, { one: `# ${states[state]}`, other: `# ${states[state]}` }),
  /** Something with its name before it. */
  labelled: (label: string, value: string) => `${label}: ${value}`,
  reason: "Why, if you like to say",
  reasonAbout: "It stands in the audit log.",
};
