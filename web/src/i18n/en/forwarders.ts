import { counted } from "../plural";

export const forwarders = {
  title: "Forwarders",
  about: "Standing orders: which messages, forms and cases go to which connection.",
  empty:
    "A forwarder sends what comes in on to a connection. There is none yet, so messages are kept and go nowhere.",
  make: "New forwarder",
  changeTitle: (name: string) => `Change ${name}`,
  columns: {
    name: "Forwarder",
    on: "Sends",
    from: "From",
    to: "To",
    state: "State",
    deliveries: "Has not arrived",
    actions: "Actions",
  },
  filterFromThis: "Make a forwarder’s filter from this",
  allSources: "all sources",
  states: {
    well: "runs",
    with_failures: "runs, with failures",
    failing: "runs, but nothing arrives",
    paused: "paused",
  },
  allArrived: "Everything has arrived.",
  removeAbout: (waiting: number) =>
    waiting === 0
      ? "New messages are no longer sent by it. What was delivered stays on record."
      : counted("en", waiting, {
          one: "# delivery waits for it and is cancelled. What was delivered stays on record.",
          other: "# deliveries wait for it and are cancelled. What was delivered stays on record.",
        }),
  sections: {
    deliveries: "What has not arrived",
    wants: "What it wants",
    sends: "What it sends",
    order: "Order",
    retry: "When a delivery fails",
  },
  orders: {
    none: "no order: as fast as it goes",
    case: "in order for each case",
    form: "in order for each form",
    connection: "everything to the connection in order",
  },
  rejections: {
    continue: "those behind it are sent",
    hold: "those behind it wait for a person",
  },
  payloads: {
    snapshot: "as it was when it came in",
    latest: "as it is when it is sent",
  },
  form: {
    on: "On",
    from: "From",
    match: "It must contain",
    matchAbout: 'JSON. { "form": "births" } wants messages whose form is births. Empty wants all.',
    unless: "It must not contain",
    unlessAbout: "JSON. A message that contains all of it is left out.",
    request: "Headers and parameters it must have had",
    requestAbout: "rarely needed",
    matchHeaders: "Headers of the request",
    matchQuery: "Parameters of its address",
    headerName: "Header",
    parameterName: "Parameter",
    value: "Value",
    to: "To the connection",
    toChoose: "Choose one",
    format: "Format",
    method: "Method",
    additions: "Headers and parameters to add",
    additionsAbout: "to each request",
    headers: "Headers",
    query: "Parameters",
    orderBy: "What is kept in order",
    onRejected: "When one of them is refused for good",
    payload: "Which state is sent",
    first: "Pause after the first failure",
    factor: "Growth of each pause",
    max: "Longest pause",
    giveUpAfter: "Give up after",
    minimumTries: "At least so many tries",
    codes: "Also try again on",
    codesAbout: "404, 4xx",
  },
  retry: {
    atOnce: "at once",
    told: (times: string, more: boolean) =>
      times === "" ? "Tried at once." : `Tried at once, then after ${times}${more ? " …" : "."}`,
    ends: (count: number, time: string) =>
      counted("en", count, {
        one: `Given up after # try.`,
        other: `Given up after # tries in ${time}.`,
      }),
    goesOn: (count: number) =>
      counted("en", count, { one: "More than # try.", other: "More than # tries." }),
  },
  trial: {
    title: "Try it on what came in",
    on: "Try it on",
    newest: "the newest messages",
    aboutOne:
      "Looks at this message, and at what it brought. Nothing is saved and nothing is sent.",
    abouts: {
      message: "Looks at the last 1,000 messages. Nothing is saved and nothing is sent.",
      submission:
        "Looks at the last 1,000 forms that were submitted. Nothing is saved and nothing is sent.",
      case: "Looks at the cases that the last 1,000 messages touched. Nothing is saved and nothing is sent.",
      application: "",
    },
    run: "Try on the last 1,000",
    runOne: "Try on this message",
    changed: "The filter has changed since.",
    nothingYet: "Nothing has come in yet to try it on.",
    matched: (matched: string, all: string) => `${matched} of ${all} match`,
    unreadable: (count: string) => `${count} could not be read`,
    examples: "Among them",
    near: "Near, but not",
  },
};
