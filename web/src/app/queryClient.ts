// The one store of answers, which pages and the guards of their routes share.
import { newQueryClient } from "./queries";

/** Where somebody goes when their session has ended; the router sets it when it exists. */
export const ended: { go: () => void } = { go: () => {} };

export const queryClient = newQueryClient(() => ended.go());
