// The words of the page in French, area by area.
import type { Words } from "../words";
import { common } from "./common";
import { entrance } from "./entrance";
import { list } from "./list";
import { messages } from "./messages";
import { overview } from "./overview";
import { payload } from "./payload";
import { route } from "./route";
import { shell } from "./shell";

export const fr: Words = { common, entrance, list, messages, overview, payload, route, shell };
