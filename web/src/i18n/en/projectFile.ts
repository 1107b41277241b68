import { counted } from "../plural";

export const projectFile = {
  title: "Project file",
  about:
    "All that this project is, as one file: to read, to keep with your other files, to change as a whole. Secrets stand in it as dots; where dots stay, the stored secret stays.",
  download: "Download",
  change: "Change",
  stopChanging: "Leave it as it is",
  editor: "Project file",
  prune: "Also remove what the file lacks",
  pruneAbout:
    "Without this, sources, connections, forwarders and workflows that the file does not name stay as they are.",
  look: "See what would change",
  apply: "Apply",
  applied: (count: number) =>
    counted("en", count, { one: "# change is applied.", other: "# changes are applied." }),
  nothing: "Nothing would change.",
  plan: "What would change",
  stale: "The text was changed since. Look again before you apply it.",
  added: "added",
  changed: "changed",
  removed: "removed",
  kinds: {
    project: "project",
    connection: "connection",
    source: "source",
    forwarder: "forwarder",
    workflow: "workflow",
    form: "form",
    role: "role",
    user: "person",
  },
  before: "before",
  after: "after",
  none: "nothing",
  warnings: "Allowed, and likely to be regretted",
  waiting: (forwarder: string, count: number) =>
    counted("en", count, {
      one: `# delivery waits for the forwarder ${forwarder}. It is cancelled when the forwarder is removed.`,
      other: `# deliveries wait for the forwarder ${forwarder}. They are cancelled when it is removed.`,
    }),
  loses: "This loses something",
  askTitle: "Apply this, and lose that?",
  removes: (count: number) =>
    counted("en", count, { one: "# thing is removed.", other: "# things are removed." }),
  line: (line: number) => `Line ${line}`,
  mistakes: "This is not applied. Mend this first:",
  /** What the editor's own panels say; English is their own language. */
  editorPhrases: {} as Readonly<Record<string, string>>,
};
