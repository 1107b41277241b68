// Who is signed in, and signing in and out.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Access = Schemas["AccessName"];
export type Session = Schemas["Session"];
export type Invitation = Schemas["Invitation"];

/** What the pages around the session keep in the store of answers begins with this. */
export const SESSION_KEY = "session";

export const sessionQuery = queryOptions({
  queryKey: [SESSION_KEY],
  queryFn: ({ signal }) => answered(api.GET("/api/v1/session", { signal })),
  staleTime: 60_000,
  retry: false,
});

export const signIn = (body: Schemas["NewSession"]) =>
  answered(api.POST("/api/v1/session", { body }));

export const signOut = () => answered(api.DELETE("/api/v1/session"));

export const readInvitation = (secret: string) =>
  answered(
    api.GET("/api/v1/invitations/current", {
      params: { header: { "fieldpost-invitation": secret } },
    }),
  );

export const acceptInvitation = (body: Schemas["AcceptInvitation"]) =>
  answered(api.POST("/api/v1/invitations/accept", { body }));

export const changeLanguage = (language: string) =>
  answered(api.PATCH("/api/v1/account", { body: { language } }));

const LEVELS: Access[] = ["viewer", "editor", "admin", "owner"];

/** Whether a session may do in a project what asks for a level. */
export function may(session: Session, project: string, level: Access): boolean {
  if (session.installation_admin) {
    return true;
  }
  const own = session.projects.find((entry) => entry.project === project)?.access;
  return own !== undefined && LEVELS.indexOf(own) >= LEVELS.indexOf(level);
}
