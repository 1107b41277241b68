// The pages of forms, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn, wordIn } from "../../app/search";

export const DEFINED = ["yes", "no"] as const;

export interface FormsSearch {
  text?: string;
  application?: string;
  /** Whether there is a definition. */
  defined?: (typeof DEFINED)[number];
  columns?: string;
}

const formsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "forms",
  validateSearch: (search: Record<string, unknown>): FormsSearch => ({
    text: textIn(search, "text"),
    application: textIn(search, "application"),
    defined: wordIn(search, "defined", DEFINED),
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./FormsPage"), "FormsPage"),
});

const formRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "forms/$form",
  component: lazyRouteComponent(() => import("./FormPage"), "FormPage"),
});

export const formRoutes = [formsRoute, formRoute] as const;
