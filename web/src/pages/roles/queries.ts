// What the pages of roles and people ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import { definitionsKey } from "../../definitions/queries";

type Schemas = components["schemas"];

export type Role = Omit<Schemas["Role"], "definition">;
export type Person = Omit<Schemas["Person"], "definition">;

export const rolesQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "roles"],
    queryFn: async ({ signal }): Promise<Role[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/roles", { params: { path: { project } }, signal }),
        )
      ).items,
  });

export const peopleQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "people"],
    queryFn: async ({ signal }): Promise<Person[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/people", { params: { path: { project } }, signal }),
        )
      ).items,
  });
