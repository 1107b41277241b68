// The pages of workflows. A new one can be begun by what stands in the address: a source, a filter, a
// message that it is to be made for.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn } from "../../app/search";
import { withFlowWords } from "../../i18n/flows";

export interface NewWorkflowSearch {
  source?: string;
  /** JSON. */
  match?: string;
  /** The message that shows what a run begins with. */
  message?: string;
}

export interface WorkflowSearch {
  /** The step that is looked at. */
  step?: string;
}

export interface VersionsSearch {
  /** The version that is looked at, and the one that it is held against. */
  version?: string;
  against?: string;
}

const workflowsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "workflows",
  component: lazyRouteComponent(() => withFlowWords(import("./WorkflowsPage")), "WorkflowsPage"),
});

const newWorkflowRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/workflow",
  validateSearch: (search: Record<string, unknown>): NewWorkflowSearch => ({
    source: textIn(search, "source"),
    match: textIn(search, "match"),
    message: textIn(search, "message"),
  }),
  component: lazyRouteComponent(
    () => withFlowWords(import("./WorkflowFormPage")),
    "NewWorkflowPage",
  ),
});

const workflowRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "workflows/$workflow",
  validateSearch: (search: Record<string, unknown>): WorkflowSearch => ({
    step: textIn(search, "step"),
  }),
  component: lazyRouteComponent(() => withFlowWords(import("./WorkflowPage")), "WorkflowPage"),
});

const changeWorkflowRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "workflows/$workflow/change",
  validateSearch: (search: Record<string, unknown>): WorkflowSearch => ({
    step: textIn(search, "step"),
  }),
  component: lazyRouteComponent(
    () => withFlowWords(import("./WorkflowFormPage")),
    "ChangeWorkflowPage",
  ),
});

const versionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "workflows/$workflow/versions",
  validateSearch: (search: Record<string, unknown>): VersionsSearch => ({
    version: textIn(search, "version"),
    against: textIn(search, "against"),
  }),
  component: lazyRouteComponent(() => withFlowWords(import("./VersionsPage")), "VersionsPage"),
});

export const workflowRoutes = [
  workflowsRoute,
  newWorkflowRoute,
  workflowRoute,
  changeWorkflowRoute,
  versionsRoute,
] as const;
