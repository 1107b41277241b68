// The pages of the forms that a project asks itself.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../../app/frames";
import { wordIn } from "../../../app/search";
import { withOwnFormWords } from "../../../i18n/ownForms";
import { PARTS, type Part } from "./parts";

export interface PartSearch {
  /** The part of the editor that is open at first. */
  part?: Part;
}

export interface NewDefinitionSearch extends PartSearch {
  /** Whence it is read, where it is not made from nothing. */
  from?: "wcs";
}

const definitionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "form-definitions",
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./DefinitionsPage")),
    "DefinitionsPage",
  ),
});

const newDefinitionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/form-definition",
  validateSearch: (search: Record<string, unknown>): NewDefinitionSearch => ({
    from: wordIn(search, "from", ["wcs"] as const),
    part: wordIn(search, "part", PARTS),
  }),
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./DefinitionFormPage")),
    "NewDefinitionPage",
  ),
});

const definitionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "form-definitions/$definition",
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./DefinitionPage")),
    "DefinitionPage",
  ),
});

const changeDefinitionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "form-definitions/$definition/change",
  validateSearch: (search: Record<string, unknown>): PartSearch => ({
    part: wordIn(search, "part", PARTS),
  }),
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./DefinitionFormPage")),
    "ChangeDefinitionPage",
  ),
});

export const definitionRoutes = [
  definitionsRoute,
  newDefinitionRoute,
  definitionRoute,
  changeDefinitionRoute,
] as const;
