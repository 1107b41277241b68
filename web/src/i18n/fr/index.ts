// The words of the page in French, area by area.
import type { Words } from "../words";
import { actions } from "./actions";
import { common } from "./common";
import { connections } from "./connections";
import { definitions } from "./definitions";
import { deliveries } from "./deliveries";
import { entrance } from "./entrance";
import { firstSteps } from "./firstSteps";
import { forwarders } from "./forwarders";
import { incidents } from "./incidents";
import { list } from "./list";
import { map } from "./map";
import { messages } from "./messages";
import { overview } from "./overview";
import { payload } from "./payload";
import { projects } from "./projects";
import { route } from "./route";
import { shell } from "./shell";
import { sources } from "./sources";

export const fr: Words = {
  sources,
  forwarders,
  firstSteps,
  definitions,
  connections,
  actions,
  common,
  deliveries,
  entrance,
  incidents,
  list,
  map,
  messages,
  overview,
  payload,
  projects,
  route,
  shell,
};
