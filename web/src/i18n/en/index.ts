// The words of the page in English, area by area.
import { common } from "./common";
import { entrance } from "./entrance";
import { list } from "./list";
import { messages } from "./messages";
import { payload } from "./payload";
import { route } from "./route";
import { shell } from "./shell";

export const en = { common, entrance, list, messages, payload, route, shell };
