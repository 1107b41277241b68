import { counted } from "../plural";

export const definitions = {
  name: "Name",
  nameAbout: "Lower-case letters, digits, - and _. It cannot be changed later.",
  pause: "Pause",
  resume: "Resume",
  pauseAsk: (name: string) => `Pause ${name}?`,
  pauseAbout: "What is for it waits until it is resumed. Nothing is lost.",
  pauseNote: {
    /** The time follows, then what they said. */
    by: (by: string) => `Paused by ${by} since`,
    project: (by: string) => `The whole project is paused, by ${by} since`,
    said: (reason: string) => `“${reason}”`,
    noReason: "Nobody said why.",
    /** What the hub itself says where it pauses a forwarder. */
    ofHub: {
      "the destination answered 410: it is gone for good":
        "The destination answered 410: it is gone for good.",
    } as Readonly<Record<string, string | undefined>>,
  },
  resumeAsk: (name: string) => `Resume ${name}?`,
  resumeAbout: "What waited for it goes out at once.",
  deedNamed: (deed: string, name: string) => `${deed}: ${name}`,
  noJson: (fault: string, place: string) => `This is no JSON: ${fault}, at character ${place}.`,
  jsonFaults: {
    levels: "it goes too deep",
    values: "there is more behind the value",
    value: "a value is missing",
    string: "a text in quotes is missing",
    colon: "a colon is missing",
    brace: "a closing brace is missing",
    bracket: "a closing bracket is missing",
    escape: "a text has a wrong escape",
  },
  change: "Change",
  save: "Save",
  done: {
    pause: (name: string) => `${name} is paused. What is for it waits.`,
    resume: (name: string) => `${name} runs again. What waited goes out.`,
    "try-now": (name: string) =>
      `One delivery goes to ${name} now. If it arrives, the others follow.`,
  },
  /** The same of a workflow: it has runs, and nothing is for it. */
  ofWorkflow: {
    pauseAbout: "Its runs are still made, and wait until it is resumed. Those that go on now end.",
    resumeAbout: "The runs that waited begin.",
    done: {
      pause: (name: string) => `${name} is paused. Its runs wait.`,
      resume: (name: string) => `${name} runs again. The runs that waited begin.`,
    },
  },
  saved: (name: string) => `${name} is saved.`,
  removeAction: "Remove",
  removeAsk: (name: string) => `Remove ${name}?`,
  removed: (name: string) => `${name} is removed.`,
  seeFields: "This is not saved yet: the fields in red say why.",
  notSaved: "This is not saved yet.",
  leaveAsk: "Leave without saving?",
  leaveAbout: "What you have typed here is lost.",
  leave: "Leave",
  addRow: "Add one",
  removeRow: (name: string) => (name === "" ? "Remove this row" : `Remove ${name}`),
  nobody: "—",
  warnings: (count: number) => counted("en", count, { one: "# warning", other: "# warnings" }),
  rowDoubled: (name: string) => `${name} is there already: only one of a name can be kept.`,
  meanwhile: {
    title: (name: string) => `Somebody else has saved ${name} since you began.`,
    about: "Nothing of yours is saved yet, and nothing of theirs is lost.",
    again: "Begin again with what is saved",
    anyway: "Save mine over it",
  },
  nameTaken: (name: string) => `There is one of the name ${name} already.`,
  nameMissing: "It needs a name.",
  duration: "A whole number and a unit: 50ms, 30s, 15m, 6h, 5d",
  secret: {
    set: "set",
    replace: "Replace",
    replaceNamed: (label: string) => `Replace: ${label}`,
    remove: "Remove",
    removeNamed: (label: string) => `Remove: ${label}`,
    kept: "set; stays as it is",
    again: "It would go elsewhere than before: type it again.",
  },
  copyAddress: "Copy the address",
  /** What is allowed and likely to be regretted, by the hub's codes. */
  warningTexts: {
    "no-notify": (name: string) => `Nobody is told when ${name} is in trouble.`,
    "no-mail-relay": (name: string) =>
      `Nobody gets a mail when ${name} is in trouble: the hub has no mail relay.`,
    "all-unsubscribed": (name: string) =>
      `Everybody who was told when ${name} is in trouble has unsubscribed.`,
    "notify-refused": (name: string) =>
      `Somebody who is told when ${name} is in trouble gets no mail: the last one was given up.`,
    "refused-network": (name: string) =>
      `Nothing is sent to ${name}: its address is in a network that is not open.`,
    "unverified-tls": (name: string) =>
      `Anybody on the way to ${name} can read and change what is sent, credentials included: its certificate is not verified.`,
    "credentials-in-the-clear": (name: string) =>
      `The credentials for ${name} are sent where anybody on the way can read them.`,
    "short-signing-secret": (name: string) =>
      `The signing secret of ${name} is so short that it can be guessed.`,
    "short-secret": (name: string) =>
      `The secret of ${name} is short: who guesses it can post there.`,
  },
  warningHints: {
    "no-notify": "Name somebody who is told: a mail address, or an address that takes a webhook.",
    "no-mail-relay": "Give the hub a relay with --smtp-url and --smtp-from.",
    "all-unsubscribed": "Name somebody else, or ask them to open their link once more.",
    "notify-refused": "Name an address that takes mail.",
    "refused-network": "Whoever runs the hub opens that network with --allow-network.",
    "unverified-tls": "Give the certificate of its authority instead.",
    "credentials-in-the-clear": "Let the address begin with https://.",
    "short-signing-secret": "Have one made, or make one with openssl rand -base64 32.",
    "short-secret": "Leave it out, and one is made.",
  },
  /** Why a filter wants a message or not; between backticks stands code. */
  conditions: {
    cameIn: (source: string) => `came in by \`${source}\``,
    cameInOther: (source: string, wanted: string) =>
      `came in by \`${source}\`, wanted \`${wanted}\``,
    /** What a filter lists: what it is called, and what is said where it is not known. */
    listed: {
      forms: { what: "the form", unknown: "no form is known" },
      case_types: { what: "the type of the case", unknown: "no type of case is known" },
      applications: { what: "the application", unknown: "no application is known" },
      users: { what: "the user", unknown: "no user is known" },
      without_users: { what: "the user", unknown: "no user is known" },
    },
    body: "the body",
    header: (name: string) => `the header \`${name}\``,
    query: (name: string) => `the query parameter \`${name}\``,
    object: "an object",
    array: "a list",
    absent: (what: string) => `${what} is not there`,
    notSent: (what: string) => `${what} was not sent`,
    same: (what: string, found: string) => `${what} is ${found}`,
    different: (what: string, found: string, wanted: string) =>
      `${what} is ${found}, wanted ${wanted}`,
    differs: (what: string, found: string, excluded: string) =>
      `${what} is ${found}, not ${excluded}`,
    hasEqual: (what: string, wanted: string) => `${what} has an element equal to ${wanted}`,
    lacksEqual: (what: string, wanted: string) => `${what} has no element equal to ${wanted}`,
    hasContaining: (what: string, wanted: string) =>
      `${what} has an element that contains ${wanted}`,
    lacksContaining: (what: string, wanted: string) =>
      `${what} has no element that contains ${wanted}`,
    excluded: (told: string) => `excluded: ${told}`,
    notExcluded: (told: string) => `not excluded: ${told}`,
  },
  advanced: "More",
};
