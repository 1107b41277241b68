// The words of workflows and runs, in English.
import { runs } from "./runs";
import { workflows } from "./workflows";

export const flows = { runs, workflows };
