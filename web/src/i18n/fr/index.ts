// The words of the page in French, area by area.
import type { Words } from "../words";
import { account } from "./account";
import { actions } from "./actions";
import { audit } from "./audit";
import { cases } from "./cases";
import { common } from "./common";
import { connections } from "./connections";
import { definitions } from "./definitions";
import { deliveries } from "./deliveries";
import { entrance } from "./entrance";
import { erasures } from "./erasures";
import { filed } from "./filed";
import { firstSteps } from "./firstSteps";
import { forms } from "./forms";
import { forwarders } from "./forwarders";
import { forwarding } from "./forwarding";
import { incidents } from "./incidents";
import { installation } from "./installation";
import { list } from "./list";
import { map } from "./map";
import { members } from "./members";
import { messages } from "./messages";
import { overview } from "./overview";
import { payload } from "./payload";
import { projectFile } from "./projectFile";
import { projects } from "./projects";
import { route } from "./route";
import { settings } from "./settings";
import { shell } from "./shell";
import { sources } from "./sources";
import { submissions } from "./submissions";
import { tokens } from "./tokens";

export const fr: Words = {
  tokens,
  settings,
  projectFile,
  members,
  installation,
  erasures,
  audit,
  account,
  sources,
  submissions,
  forms,
  filed,
  cases,
  forwarders,
  forwarding,
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
