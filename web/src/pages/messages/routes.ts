// The pages of messages, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { MessageState } from "../../api/types";
import { projectRoute } from "../../app/frames";
import { textIn, textsIn, timeIn, wordIn } from "../../app/search";
import { LAST_SPANS, type LastSpan } from "../../lists/last";

export const MESSAGE_STATES: readonly MessageState[] = ["kept", "quarantined", "duplicate"];

export interface MessagesSearch {
  source?: string;
  state?: MessageState;
  last?: LastSpan;
  since?: string;
  until?: string;
  text?: string;
  /** Values that the content has, each as `path=JSON`. */
  value?: string[];
  columns?: string;
}

export const messagesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "messages",
  validateSearch: (search: Record<string, unknown>): MessagesSearch => ({
    source: textIn(search, "source"),
    state: wordIn(search, "state", MESSAGE_STATES),
    last: wordIn(search, "last", LAST_SPANS),
    since: timeIn(search, "since"),
    until: timeIn(search, "until"),
    text: textIn(search, "text"),
    value: textsIn(search, "value"),
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./MessagesPage"), "MessagesPage"),
});

export const MESSAGE_TABS = [
  "parsed",
  "received",
  "headers",
  "matched",
  "attempts",
  "versions",
  "history",
] as const;
export type MessageTab = (typeof MESSAGE_TABS)[number];

export interface MessageSearch {
  tab?: MessageTab;
  /** The version that this one is compared with. */
  with?: string;
  /** Whether the two stand side by side; else what differs is listed. */
  view?: "beside";
}

export const messageRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "messages/$message",
  validateSearch: (search: Record<string, unknown>): MessageSearch => ({
    tab: wordIn(search, "tab", MESSAGE_TABS),
    with: textIn(search, "with"),
    view: wordIn(search, "view", ["beside"]),
  }),
  component: lazyRouteComponent(() => import("./MessagePage"), "MessagePage"),
});

export interface MessageSearch {
  tab?: MessageTab;
  /** The version that this one is compared with. */
  with?: string;
  /** Whether the two stand side by side; else what differs is listed. */
  view?: "beside";
}

export const messageRoutes = [messagesRoute, messageRoute] as const;
