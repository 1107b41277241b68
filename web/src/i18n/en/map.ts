import { counted } from "../plural";

export const map = {
  title: "Map",
  about: "What goes where. The numbers are today’s.",
  view: "View",
  views: { picture: "Picture", list: "List" },
  picture: "Map of the project",
  nearer: "Nearer",
  farther: "Farther",
  whole: "The whole map",
  kinds: {
    source: "Source",
    any_source: "Sources",
    forwarder: "Forwarder",
    workflow: "Workflow",
    connection: "Connection",
  },
  allSources: "all sources",
  everything: {
    message: "every message",
    form: "every form",
    submission: "every submission",
    "form-stub": "the ids of every form",
    case: "every case",
    "case-created": "every new case",
    "case-updated": "every changed case",
    "app-schema": "every application",
    manual: "when somebody starts it",
    "delivery-ended": "deliveries that are given up or refused",
    "incident-opened": "every incident",
    "incident-closed": "incidents that are over",
  } as Readonly<Record<string, string>>,
  /** A filter, with what it is asked of. */
  some: {
    message: (filter: string) => filter,
    form: (filter: string) => `forms · ${filter}`,
    submission: (filter: string) => `submissions · ${filter}`,
    "form-stub": (filter: string) => `ids of forms · ${filter}`,
    case: (filter: string) => `cases · ${filter}`,
    "case-created": (filter: string) => `new cases · ${filter}`,
    "case-updated": (filter: string) => `changed cases · ${filter}`,
    "app-schema": (filter: string) => `applications · ${filter}`,
  } as Readonly<Record<string, (filter: string) => string>>,
  states: {
    well: "well",
    silent: "silent",
    quiet: "quiet",
    never: "nothing yet",
    in_trouble: "in trouble",
    failing: "every try fails",
    last_run_failed: "last run failed",
    paused: "paused",
    idle: "idle",
  },
  today: (count: string) => `${count} today`,
  nothingWaits: "nothing waits",
  waiting: (count: string, many: number) =>
    counted("en", many, { one: `${count} waits`, other: `${count} wait` }),
  /** A number on a way, as a link. */
  wayToday: (count: string, from: string, to: string) => `${count} today from ${from} to ${to}`,
  /** What React Flow says of the picture to those who do not see it. */
  flow: {
    "node.a11yDescription.default": "",
    "node.a11yDescription.keyboardDisabled": "",
    "edge.a11yDescription.default": "",
  },
  ways: "Ways",
  way: (wanted: number, arrived: string) =>
    counted("en", wanted, {
      one: `# wanted today, ${arrived} delivered`,
      other: `# wanted today, ${arrived} delivered`,
    }),
  loose: "Lead nowhere yet",
  /** The way by a workflow: what set it off, and how its runs went. */
  runs: (begun: number, well: string) =>
    counted("en", begun, {
      one: `# run today, ${well} ended well`,
      other: `# runs today, ${well} ended well`,
    }),
  goOn: (count: string, many: number) =>
    counted("en", many, { one: `${count} goes on or waits`, other: `${count} go on or wait` }),
  looseSource: "Nothing listens to it.",
  looseConnection: "Nothing is sent to it.",
  newSource: "New source",
  newForwarder: "New forwarder",
  newWorkflow: "New workflow",
  newConnection: "New connection",
  empty:
    "Nothing is set up yet. The map draws itself as soon as there is a source or a connection.",
};
