import { counted } from "../plural";

export const overview = {
  title: "Overview",
  well: "All is well.",
  nothingYet: "Ready. Nothing has come in yet.",
  wellBut: (sentence: string) => `All is well, but one: ${sentence}`,
  troubles: (count: number) =>
    counted("en", count, { one: "# thing needs attention.", other: "# things need attention." }),
  projectPaused: "The project is paused: what comes in is kept, and nothing is sent.",
  hubPaused: "The whole hub is paused: what comes in is kept, and nothing is sent.",
  today: (received: string, delivered: string) =>
    `${received} came in today, ${delivered} went out.`,
  notAnswered: (name: string, since: string) => `${name} has not answered since ${since}.`,
  answersErrors: (name: string, status: string, since: string) =>
    `${name} has answered with an error (${status}) since ${since}.`,
  troubleSince: (name: string, since: string) => `${name} takes nothing since ${since}.`,
  takesSome: (name: string, since: string) =>
    `${name} has taken only some of what it is sent since ${since}.`,
  takesAgain: (name: string, since: string, over: string) =>
    `${name} takes what it is sent again since ${since}; its incident ends at ${over} if nothing fails until then.`,
  pausedInTrouble: (name: string, since: string) =>
    `${name} is paused, with an incident open since ${since}.`,
  failing: (name: string, since: string) =>
    `Every try at ${name} has failed of late; it has taken nothing since ${since}.`,
  failingEver: (name: string) => `Every try at ${name} has failed so far.`,
  trouble: (name: string) => `${name} does not take what it is sent.`,
  callFails: (name: string, since: string) => `The call ${name} has failed since ${since}.`,
  silentSince: (name: string, since: string) =>
    `Nothing has come from ${name} since ${since}, though something is expected.`,
  silentEver: (name: string) => `Nothing has ever come from ${name}, though something is expected.`,
  waiting: (count: number) =>
    counted("en", count, { one: "# delivery waits.", other: "# deliveries wait." }),
  waitingMore: (count: string) => `More than ${count} deliveries wait.`,
  nextTry: (time: string) => `Next try ${time}.`,
  nextTryNow: "It is tried now.",
  tryNow: "Try now",
  pause: "Pause",
  resume: "Resume",
  resumeProject: "Resume the project",
  seeWhy: "See why",
  about: (deed: string, name: string) => `${deed}: ${name}`,
  exactError: "Exact error",
  moreTroubles: (count: number) =>
    counted("en", count, { one: "and # more, below", other: "and # more, below" }),
  pausedNames: (names: string, count: number) =>
    count === 1
      ? `${names} is paused; what is for it waits.`
      : `${names} are paused; what is for them waits.`,
  pausedMany: (count: number) =>
    counted("en", count, { one: "# destination is paused.", other: "# destinations are paused." }),
  facts: {
    title: "To look at",
    waiting: "Waiting",
    oldest: (time: string, name: string) => `the oldest since ${time}, for ${name}`,
    nothingWaits: "nothing waits",
    quarantined: "Quarantined today",
    quarantinedAbout: "could not be read",
    givenUp: "Given up today",
    refused: "refused",
    triedTooOften: "tried too often",
    incidents: "Open incidents",
    incidentsAbout: "trouble that lasts",
  },
  traffic: {
    title: "What came in and went out",
    span: "Time shown",
    spans: { today: "Today", "7d": "7 days", "30d": "30 days", "1y": "1 year" },
    lines: { received: "in", delivered: "out", failed: "failed tries" },
    steps: { "15m": "a quarter of an hour", "1h": "an hour", "1d": "a day" },
    perStep: (step: string) => `Each point is ${step}.`,
    summary: (received: string, delivered: string, failed: string) =>
      `${received} came in, ${delivered} went out, ${failed} tries failed.`,
    asTable: "As a table",
    time: "Time",
    received: "Came in",
    delivered: "Went out",
    failed: "Failed tries",
  },
  sources: {
    title: "Sources",
    name: "Source",
    last: "Last",
    today: "Today",
    state: "State",
    states: { well: "well", silent: "silent", quiet: "quiet", never: "nothing yet" },
    off: "takes nothing",
    none: "No source yet: nothing can come in.",
  },
  destinations: {
    title: "Destinations",
    name: "Destination",
    last: "Last",
    today: "Today",
    waiting: "Waiting",
    nextTry: "Next try",
    state: "State",
    states: {
      well: "well",
      in_trouble: "in trouble",
      failing: "every try fails",
      paused: "paused",
      paused_in_trouble: "paused in trouble",
      idle: "idle",
    },
    none: "No connection yet: nothing can go out.",
  },
  never: "never",
  showAll: (count: string) => `Show all ${count}`,
  fold: "Show fewer",
  empty:
    "Nothing is set up yet. The first steps take you from a system that sends to a delivery that arrives.",
  firstSteps: "Begin with the first steps",
};
