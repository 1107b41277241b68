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
    connection: "Connection",
  },
  allSources: "all sources",
  everything: "wants everything",
  states: {
    well: "well",
    silent: "silent",
    quiet: "quiet",
    never: "nothing yet",
    in_trouble: "in trouble",
    paused: "paused",
    idle: "idle",
  },
  today: (count: string) => `${count} today`,
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
      one: `# message wanted today, ${arrived} delivered`,
      other: `# messages wanted today, ${arrived} delivered`,
    }),
  loose: "Lead nowhere yet",
  looseSource: "No forwarder listens to it.",
  looseConnection: "No forwarder sends to it.",
  newSource: "New source",
  newForwarder: "New forwarder",
  newConnection: "New connection",
  empty:
    "Nothing is set up yet. The map draws itself as soon as there is a source or a connection.",
};
