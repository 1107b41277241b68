// The pages of forwarders. A new one can be begun by what stands in the address: the source, the
// connection, and a filter that was made from a value of a message.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn } from "../../app/search";

export interface NewForwarderSearch {
  from?: string;
  to?: string;
  /** JSON. */
  match?: string;
  unless?: string;
}

const forwardersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "forwarders",
  component: lazyRouteComponent(() => import("./ForwardersPage"), "ForwardersPage"),
});

const newForwarderRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/forwarder",
  validateSearch: (search: Record<string, unknown>): NewForwarderSearch => ({
    from: textIn(search, "from"),
    to: textIn(search, "to"),
    match: textIn(search, "match"),
    unless: textIn(search, "unless"),
  }),
  component: lazyRouteComponent(() => import("./ForwarderFormPage"), "NewForwarderPage"),
});

const forwarderRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "forwarders/$forwarder",
  component: lazyRouteComponent(() => import("./ForwarderPage"), "ForwarderPage"),
});

const changeForwarderRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "forwarders/$forwarder/change",
  component: lazyRouteComponent(() => import("./ForwarderFormPage"), "ChangeForwarderPage"),
});

export const forwarderRoutes = [
  forwardersRoute,
  newForwarderRoute,
  forwarderRoute,
  changeForwarderRoute,
] as const;
