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
  notAllowed: "Your access does not cover this. An administrator of the project can change that.",
  states,
  /** So many in a state. */
  stateCount: (state: keyof typeof states, count: number) =>
    counted("en", count, { one: `# ${states[state]}`, other: `# ${states[state]}` }),
  /** Something with its name before it. */
  labelled: (label: string, value: string) => `${label}: ${value}`,
  reason: "Why, if you like to say",
  reasonAbout: "It stands in the audit log.",
};
