// The one store of answers, which pages and the guards of their routes share.
import { sessionHasEnded } from "../api/sessionEnd";
import { newQueryClient } from "./queries";

export const queryClient = newQueryClient(sessionHasEnded);
