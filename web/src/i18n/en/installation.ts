import { counted } from "../plural";

export const installation = {
  users: {
    title: "Users",
    about: "Everybody who has an account on this hub.",
    invite: "Invite somebody",
    email: "E-mail",
    name: "Name",
    admin: "Runs the installation",
    adminAbout:
      "May do everything in every project, and alone makes projects, users, and tokens for all projects.",
    project: "Project",
    projectNone: "none yet",
    level: "Level",
    projects: "Projects",
    everything: "everything",
    nothing: "none",
    state: "State",
    active: "active",
    invited: "has not accepted yet",
    disabled: "kept out",
    factor: "Second factor",
    yes: "yes",
    no: "no",
    lastSignIn: "Last came in",
    never: "never",
    deeds: (name: string) => `What can be done about ${name}`,
    makeAdmin: "Let them run the installation",
    dropAdmin: "No longer let them run the installation",
    disable: "Keep out",
    enable: "Let in again",
    reset: "Make a link for another password",
    resetFactor: "Make such a link, and remove the second factor",
    remove: "Delete the account",
    makeAdminAsk: (name: string) => `Let ${name} run the installation?`,
    dropAdminAsk: (name: string) => `Take running the installation from ${name}?`,
    dropAdminAbout: "Their levels in projects stay.",
    disableAsk: (name: string) => `Keep ${name} out?`,
    disableAbout: "Their sessions end at once. Tokens that they made stay.",
    resetAsk: (name: string) => `Make a link for ${name}?`,
    resetAbout: "By it they choose another password. All their sessions end when they use it.",
    resetFactorAbout:
      "By it they choose another password, and signing in needs no second factor from now on: for who has lost the phone.",
    removeAsk: (name: string) => `Delete the account of ${name}?`,
    removeAbout:
      "They are a member nowhere any more. What they did stays in the audit log, and tokens that they made stay.",
    changed: (name: string) => `${name} is changed.`,
    removed: (name: string) => `The account of ${name} is deleted.`,
    linkFor: (email: string) =>
      `Give this link to ${email}. By it they choose a password. It is good once, within seven days, and it is not shown again.`,
    mailed: (email: string) => `It is mailed to ${email} as well.`,
    link: "Link",
    done: "Done",
  },
  keys: {
    title: "Keys",
    about:
      "Secrets of connections are sealed with a key before they are stored. Keys are told by their names only.",
    rotate: "Change the key",
    rotateAsk: "Change the key?",
    rotateHub:
      "The hub makes a new key, and seals everything with it anew in the background. The old key stays in the key file, for backups.",
    rotateOperator:
      "The first key of the key file, or the first one given at the start, seals from now on. Everything is sealed with it anew in the background.",
    key: "Key",
    records: "Secrets sealed with it",
    state: "State",
    active: "seals now",
    present: "opens what is sealed with it",
    missing: "missing: what is sealed with it cannot be read",
    unsealed: (count: number) =>
      counted("en", count, {
        one: "# secret is not sealed yet. Changing the key seals it.",
        other: "# secrets are not sealed yet. Changing the key seals them.",
      }),
    running: (count: number) =>
      counted("en", count, {
        one: "# secret is sealed anew so far…",
        other: "# secrets are sealed anew so far…",
      }),
    ended: (count: number) =>
      counted("en", count, {
        one: "# secret was sealed anew.",
        other: "# secrets were sealed anew.",
      }),
    failed: (count: number) =>
      counted("en", count, {
        one: "# could not be opened, and stays as it is; the log of the hub names it.",
        other: "# could not be opened, and stay as they are; the log of the hub names them.",
      }),
    stopped: "It ended early:",
    keptByHub: "The hub makes keys itself, in its key file.",
    keptByOperator: "Whoever runs the machine makes the keys.",
  },
  status: {
    title: "Status",
    about: "What this hub says about itself.",
    version: "Version",
    engine: "Database",
    engines: { sqlite: "SQLite", postgres: "PostgreSQL" },
    waiting: "Waiting deliveries",
    defaultProject: "Default project",
    networks: "Networks allowed",
    mailRelay: "Mail relay",
    publicUrl: "Address in links",
    none: "none",
    noNetworks: "none beside the public internet",
    noMail: "none: invitations are given by hand, and nobody is told by mail",
    noPublicUrl: "not set: no link is mailed",
    unreadable: "Projects that cannot be read",
    unreadableAbout: "Nothing of these is sent; the others go on.",
  },
};
