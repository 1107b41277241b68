// The pages of deliveries, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type {
  AttemptErrorKind,
  DeliveryOrigin,
  DeliverySort,
  DeliveryState,
} from "../../api/types";
import { projectRoute } from "../../app/frames";
import { textIn, timeIn, wordIn } from "../../app/search";
import { LAST_SPANS, type LastSpan } from "../../lists/last";

/** What waits stands first, then what failed, then what has ended well. */
export const DELIVERY_STATES: readonly DeliveryState[] = [
  "pending",
  "failed",
  "rejected",
  "broken",
  "succeeded",
  "cancelled",
  "superseded",
];
export const DELIVERY_ORIGINS: readonly DeliveryOrigin[] = ["event", "resend", "replay"];

export const ERROR_KINDS: readonly AttemptErrorKind[] = [
  "dns",
  "connect",
  "tls",
  "timeout",
  "status",
  "body",
  "refused",
  "build",
  "authentication",
  "interrupted",
];

/** The orders of the list. The newest first is the usual one, and not written down. */
export const DELIVERY_SORTS: readonly DeliverySort[] = [
  "newest",
  "oldest",
  "next_attempt",
  "latest_attempt",
];
export const USUAL_SORT: DeliverySort = "newest";

/** By their next try there are only those that wait, and of all filters only that by connection goes
 *  with it: no index has the others in that order. */
export const isByTry = (sort: DeliverySort | undefined): boolean =>
  sort === "next_attempt" || sort === "latest_attempt";

export interface DeliveriesSearch {
  state?: DeliveryState;
  /** Several states, with commas between them. */
  states?: string;
  /** The last answer: `503`, or a class of them, `5xx`. */
  status?: string;
  error_kind?: AttemptErrorKind;
  connection?: string;
  forwarder?: string;
  source?: string;
  origin?: DeliveryOrigin;
  payload_id?: string;
  key?: string;
  cancelled_by?: string;
  /** Ids with commas between them. */
  ids?: string;
  holds?: "true";
  last?: LastSpan;
  since?: string;
  until?: string;
  text?: string;
  sort?: DeliverySort;
  columns?: string;
}

/** The states that are asked for, by one name or by the other. */
export function statesIn(search: Record<string, unknown>): DeliveryState[] {
  const named = [textIn(search, "state"), ...(textIn(search, "states")?.split(",") ?? [])];
  return DELIVERY_STATES.filter((state) => named.includes(state));
}

/** States as an address has them: one is said plainly. */
export function statesSearch(
  states: readonly DeliveryState[],
): Pick<DeliveriesSearch, "state" | "states"> {
  const [only] = states;
  return states.length > 1
    ? { state: undefined, states: states.join(",") }
    : { state: only, states: undefined };
}

const STATUS = /^[1-5](\d\d|xx)$/;

function statusIn(search: Record<string, unknown>): string | undefined {
  const text = textIn(search, "status")?.toLowerCase();
  return text !== undefined && STATUS.test(text) ? text : undefined;
}

/** What stands in an address, or in the filter of an action, as filters of deliveries. */
export function deliveriesSearch(search: Record<string, unknown>): DeliveriesSearch {
  return {
    ...statesSearch(statesIn(search)),
    status: statusIn(search),
    error_kind: wordIn(search, "error_kind", ERROR_KINDS),
    connection: textIn(search, "connection"),
    forwarder: textIn(search, "forwarder"),
    source: textIn(search, "source"),
    origin: wordIn(search, "origin", DELIVERY_ORIGINS),
    payload_id: textIn(search, "payload_id"),
    key: textIn(search, "key"),
    cancelled_by: textIn(search, "cancelled_by"),
    ids: textIn(search, "ids"),
    holds: wordIn(search, "holds", ["true"]),
    last: wordIn(search, "last", LAST_SPANS),
    since: timeIn(search, "since"),
    until: timeIn(search, "until"),
    text: textIn(search, "text"),
    sort: wordIn(search, "sort", DELIVERY_SORTS),
    columns: textIn(search, "columns"),
  };
}

/** A search after a change of it: an order that other filters do not go with lets go of them, and
 *  filters that an order does not go with let go of it. */
export function changedSearch(
  before: DeliveriesSearch,
  changed: Partial<DeliveriesSearch>,
): DeliveriesSearch {
  const after = { ...before, ...changed };
  if (!isByTry(after.sort)) {
    return after;
  }
  const { connection, sort, columns, ...others } = after;
  const isFiltered = Object.values(others).some((value) => value !== undefined);
  if (isFiltered && changed.sort === undefined) {
    return { ...after, sort: undefined };
  }
  return { connection, sort, columns };
}

export const deliveriesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "deliveries",
  // An address typed by hand is mended as a change of it would be.
  validateSearch: (search: Record<string, unknown>) => changedSearch(deliveriesSearch(search), {}),
  component: lazyRouteComponent(() => import("./DeliveriesPage"), "DeliveriesPage"),
});

export interface DeliverySearch {
  /** The attempt that is open. */
  attempt?: string;
  /** The attempt whose bodies stand beside its own. */
  against?: string;
}

export const deliveryRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "deliveries/$delivery",
  validateSearch: (search: Record<string, unknown>): DeliverySearch => ({
    attempt: textIn(search, "attempt"),
    against: textIn(search, "against"),
  }),
  component: lazyRouteComponent(() => import("./DeliveryPage"), "DeliveryPage"),
});

export interface DeliverySearch {
  /** The attempt that is open. */
  attempt?: string;
  /** The attempt whose bodies stand beside its own. */
  against?: string;
}

export const deliveryRoutes = [deliveriesRoute, deliveryRoute] as const;
