// Tokens: of a project, or (where the project is null) of the whole installation.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

export type ApiToken = Schemas["ApiToken"];
export type MadeToken = Schemas["MadeToken"];

export const tokensQuery = (project: string | null) =>
  queryOptions({
    queryKey: ["tokens", project],
    queryFn: async ({ signal }): Promise<ApiToken[]> =>
      (
        await answered(
          project === null
            ? api.GET("/api/v1/tokens", { signal })
            : api.GET("/api/v1/projects/{project}/tokens", {
                params: { path: { project } },
                signal,
              }),
        )
      ).items,
  });

export const makeToken = (project: string | null, body: Schemas["NewToken"]): Promise<MadeToken> =>
  answered(
    project === null
      ? api.POST("/api/v1/tokens", { body })
      : api.POST("/api/v1/projects/{project}/tokens", { params: { path: { project } }, body }),
  );

export async function revokeToken(project: string | null, token: string): Promise<void> {
  await answered(
    project === null
      ? api.DELETE("/api/v1/tokens/{token}", { params: { path: { token } } })
      : api.DELETE("/api/v1/projects/{project}/tokens/{token}", {
          params: { path: { project, token } },
        }),
  );
}

/** A command that shows that a token works. */
export function exampleOf(origin: string, project: string | null, token: string): string {
  const path = project === null ? "projects" : `projects/${encodeURIComponent(project)}/overview`;
  return `curl -H 'Authorization: Bearer ${token}' \\\n  ${origin}/api/v1/${path}`;
}
