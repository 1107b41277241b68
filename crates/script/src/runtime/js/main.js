// What the process around calls.

export { settle } from "fieldpost:host";
export { nextTimer, runTimers } from "fieldpost:timers";
export { run } from "fieldpost:step";
export { decide } from "fieldpost:decide";
