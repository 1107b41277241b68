import { counted } from "../plural";

export const members = {
  title: "Members",
  about:
    "Who may do what in this project. Who runs the installation may do everything without being in this list.",
  people: "People",
  add: "Add somebody",
  addAbout: "Whoever has no account yet gets a link by which they choose a password.",
  email: "E-mail",
  name: "Name",
  nameAbout: "Only for somebody who has no account here yet.",
  level: "Level",
  since: "Since",
  state: "State",
  you: "you",
  invited: "has not accepted yet",
  disabled: "kept out of the hub",
  active: "may come in",
  levelOf: (name: string) => `Level of ${name}`,
  changed: (name: string, level: string) => `${name} is ${level} now.`,
  remove: "Remove",
  removeNamed: (name: string) => `Remove ${name}`,
  lowerAsk: (level: string) => `Become ${level} yourself?`,
  lowerAbout: "You can do less in this project from then on, and only an owner can take that back.",
  lower: "Lower my level",
  removeAsk: (name: string) => `Remove ${name} from this project?`,
  removeAbout:
    "What their sessions may do here ends at once. The account stays, and so do tokens that they made.",
  removed: (name: string) => `${name} is no member any more.`,
  empty: "Nobody is a member yet. Add the people who look after this project.",
  waitingFor: (count: number) =>
    counted("en", count, {
      one: "# person has not accepted yet.",
      other: "# people have not accepted yet.",
    }),
  done: "Done",
  addedKnown: (name: string) =>
    `${name} has an account here already, and finds the project there at once.`,
  addedMailed: (email: string) =>
    `The link is mailed to ${email}. It is good once, within seven days.`,
  addedLink: (email: string) =>
    `Give this link to ${email}. Whoever opens it chooses a password and is in. It is good once, within seven days, and it is not shown again.`,
  link: "Invitation link",
  levels: "What each level may do",
  levelsAbout: "Each may do what the ones above it may, and more.",
  may: "May",
  names: { viewer: "viewer", editor: "editor", admin: "admin", owner: "owner" },
  deeds: {
    viewer:
      "Look at everything: messages, deliveries, connections. Secrets and the addresses of inboxes are hidden.",
    editor:
      "Retry, cancel, send again, replay, pause and resume; try filters; change sources and forwarders; see the addresses of inboxes.",
    admin:
      "Change and test connections; change settings, retention and the project file; erase a person; send reports; add members up to admin; make tokens; read the audit log.",
    owner: "Make owners, and take people out.",
  },
};
