export const tokens = {
  title: "Tokens",
  about:
    "Programs come in with a token in the place of a password. It opens this project at its level, and nothing else.",
  aboutAll:
    "These open every project at their level, also those that are made later. They do not run the installation.",
  make: "Make a token",
  name: "Name",
  nameAbout: "What it is for: the program, or the person who runs it.",
  level: "Level",
  expiry: "Good for",
  expiries: { "30d": "30 days", "90d": "90 days", "365d": "a year", never: "ever" },
  made: "Made",
  madeBy: (name: string) => `by ${name}`,
  lastUse: "Last used",
  never: "never",
  ends: "Ends",
  endsNever: "does not end",
  ended: "has ended",
  opensNothing: "opens nothing",
  opensNothingAbout: "Who made it is gone, kept out, or may do less than it.",
  shownOnce:
    "Copy this token now: it is not shown again. Whoever has it may do what its level may.",
  token: "Token",
  example: "Try it",
  curl: "Example with curl",
  done: "Done",
  revoke: "Revoke",
  revokeNamed: (name: string) => `Revoke ${name}`,
  revokeAsk: (name: string) => `Revoke the token ${name}?`,
  revokeAbout:
    "Programs that use it are refused with their next request. It cannot be given back; make another one instead.",
  revoked: (name: string) => `The token ${name} opens nothing any more.`,
  empty: "There is no token yet. A program that reads or acts on this project needs one.",
  emptyAll:
    "There is no token for all projects. Prefer a token of one project where that is enough.",
};
