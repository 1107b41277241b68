// The words of workflows and runs, in French.
import type { FlowAreas } from "../flows";
import { runs } from "./runs";
import { workflows } from "./workflows";

export const flows: FlowAreas = { runs, workflows };
