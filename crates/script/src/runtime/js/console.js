// The console of a job: each call is one line of the step's log.

import { log } from "fieldpost:host";
import { toLog } from "fieldpost:text";

// Half a letter of two is no text that can be sent.
function write(level, source, values) {
  log(level, source, values.map(toLog).join(" ").toWellFormed());
}

/** What the runtime itself says. */
export const say = {
  debug: (...values) => write("debug", "R/T", values),
  info: (...values) => write("info", "R/T", values),
  warn: (...values) => write("warn", "R/T", values),
};

const job = (level) => (...values) => write(level, "JOB", values);

export const console = Object.freeze({
  debug: job("debug"),
  trace: job("debug"),
  log: job("info"),
  info: job("info"),
  success: job("info"),
  always: job("info"),
  print: job("info"),
  table: job("info"),
  dir: job("info"),
  warn: job("warn"),
  error: job("error"),
});
