import { counted } from "../plural";

export const actions = {
  title: "Actions",
  about: "What was done to many deliveries, messages or runs at once, newest first.",
  empty:
    "Nothing was done to many at once yet. Select deliveries, and choose what is to be done with them.",
  toDeliveries: "To the deliveries",
  columns: {
    began: "Began",
    action: "Action",
    state: "State",
    progress: "Done",
    passedOver: "Left out",
    by: "By",
    id: "Id",
  },
  kinds: {
    retry: "Retry",
    cancel: "Cancellation",
    requeue: "Requeue",
    resend: "Resend",
    replay: "Replay",
    "retry-runs": "Runs begun again",
    "cancel-runs": "Runs cancelled",
  },
  states: { running: "running", stopped: "stopped", done: "done", failed: "failed" },
  progress: (touched: string, matched: string) => `${touched} of ${matched}`,
  told: {
    running: "It is being worked off, from the oldest on. You can leave this page: it goes on.",
    stopped: "It was stopped. What was done stays done.",
    done: "All of it was looked at.",
    failed: "It could not go on.",
  },
  touched: {
    retry: (count: number) => counted("en", count, { one: "# tried now", other: "# tried now" }),
    cancel: (count: number) => counted("en", count, { one: "# cancelled", other: "# cancelled" }),
    requeue: (count: number) => counted("en", count, { one: "# requeued", other: "# requeued" }),
    resend: (count: number) => counted("en", count, { one: "# sent again", other: "# sent again" }),
    replay: (count: number) => counted("en", count, { one: "# replayed", other: "# replayed" }),
    "retry-runs": (count: number) =>
      counted("en", count, { one: "# begun again", other: "# begun again" }),
    "cancel-runs": (count: number) =>
      counted("en", count, { one: "# cancelled", other: "# cancelled" }),
  },
  matched: (count: number) =>
    counted("en", count, { one: "of # that it concerns", other: "of # that it concerns" }),
  passedOver: (count: number) =>
    counted("en", count, { one: "# was left as it is", other: "# were left as they are" }),
  passedOverAbout:
    "They were being sent at that moment, were in a state that does not allow it, or their bytes are erased.",
  stop: "Stop",
  stopAsk: "Stop this action?",
  stopAbout: "What was done stays done. The rest is left as it is.",
  stopped: "The action is stopped.",
  undo: "Take it back",
  undoAsk: "Requeue what was cancelled?",
  undoAbout: (count: number) =>
    counted("en", count, {
      one: "# delivery waits again, with all its tries.",
      other: "# deliveries wait again, with all their tries.",
    }),
  undoNone: "Nothing of it is cancelled any more.",
  facts: {
    title: "What it is",
    filter: "To which",
    all: "all of them",
    forwarder: "With the forwarder",
    rate: "At most",
    perSecond: (rate: string) => `${rate} a second`,
    reason: "Why",
    by: "Begun by",
    began: "Began",
    ended: "Ended",
  },
  selected: (count: number) => counted("en", count, { one: "# by name", other: "# by name" }),
  show: "Show these deliveries",
  showRuns: "Show these runs",
  showCancelled: "Show what it cancelled",
};
