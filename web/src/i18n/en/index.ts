// The words of the page in English, area by area.
import { common } from "./common";
import { entrance } from "./entrance";
import { list } from "./list";
import { messages } from "./messages";
import { overview } from "./overview";
import { payload } from "./payload";
import { route } from "./route";
import { shell } from "./shell";

export const en = { common, entrance, list, messages, overview, payload, route, shell };
