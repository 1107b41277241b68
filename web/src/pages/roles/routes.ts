// The pages of the roles and the people of a project's forms.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { withOwnFormWords } from "../../i18n/ownForms";

const rolesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "roles",
  component: lazyRouteComponent(() => withOwnFormWords(import("./RolesPage")), "RolesPage"),
});

const newRoleRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/role",
  component: lazyRouteComponent(() => withOwnFormWords(import("./RoleFormPage")), "NewRolePage"),
});

const roleRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "roles/$role",
  component: lazyRouteComponent(() => withOwnFormWords(import("./RoleFormPage")), "ChangeRolePage"),
});

const peopleRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "people",
  component: lazyRouteComponent(() => withOwnFormWords(import("./RolesPage")), "PeoplePage"),
});

const newPersonRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/person",
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./PersonFormPage")),
    "NewPersonPage",
  ),
});

const personRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "people/$person",
  component: lazyRouteComponent(
    () => withOwnFormWords(import("./PersonFormPage")),
    "ChangePersonPage",
  ),
});

export const roleRoutes = [
  rolesRoute,
  newRoleRoute,
  roleRoute,
  peopleRoute,
  newPersonRoute,
  personRoute,
] as const;
