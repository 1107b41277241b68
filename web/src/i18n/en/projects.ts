import { counted } from "../plural";

export const projects = {
  title: "Projects",
  empty:
    "A project holds the sources, connections and forwarders of one integration. There is none yet that you may see.",
  paused: "paused",
  well: "all is well",
  inTrouble: (name: string) => `${name} is in trouble`,
  troubles: (count: number) =>
    counted("en", count, { one: "# thing needs attention", other: "# things need attention" }),
  nothingSetUp: "nothing set up yet",
  nothingYet: "nothing has come in yet",
  today: (received: string, delivered: string) => `${received} in, ${delivered} out today`,
  waiting: (count: number) => counted("en", count, { one: "# waits", other: "# wait" }),
  create: "Create a project",
  createAbout: "One project for one integration: its own sources, destinations and members.",
  titleLabel: "Title",
  titleHint: "What people call it.",
  nameLabel: "Name",
  nameHint: "Its key in addresses and files. It cannot be changed later.",
  nameWrong:
    "Lower-case letters, digits, - and _ only, at most 64, beginning with a letter or digit.",
  created: (title: string) => `The project ${title} was made.`,
};
