// What the page of members asks the hub, and what it may offer whom.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Access, Session } from "../../api/session";

type Schemas = components["schemas"];

export type Member = Schemas["Member"];
export type AddedMember = Schemas["AddedMember"];

/** From the lowest to the highest. */
export const LEVELS: readonly Access[] = ["viewer", "editor", "admin", "owner"];

export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: ["members", project],
    queryFn: async ({ signal }): Promise<Member[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/members", { params: { path: { project } }, signal }),
        )
      ).items,
  });

export const addMember = (project: string, body: Schemas["NewMember"]) =>
  answered(api.POST("/api/v1/projects/{project}/members", { params: { path: { project } }, body }));

export const changeLevel = (project: string, user: string, access: Access) =>
  answered(
    api.PUT("/api/v1/projects/{project}/members/{user}", {
      params: { path: { project, user } },
      body: { access },
    }),
  );

export const removeMember = (project: string, user: string) =>
  answered(
    api.DELETE("/api/v1/projects/{project}/members/{user}", {
      params: { path: { project, user } },
    }),
  );

/** The levels that somebody can give in a project: none above their own. */
export function levelsToGive(session: Session | undefined, project: string): readonly Access[] {
  if (session === undefined) {
    return [];
  }
  if (session.installation_admin) {
    return LEVELS;
  }
  const own = session.projects.find((entry) => entry.project === project)?.access;
  return own === "admin" || own === "owner" ? LEVELS.slice(0, LEVELS.indexOf(own) + 1) : [];
}
