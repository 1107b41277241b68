// What the page of one's account asks the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type OwnSession = Schemas["OwnSession"];
export type BegunSecondFactor = Schemas["BegunSecondFactor"];

export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: ({ signal }) => answered(api.GET("/api/v1/account", { signal })),
});

export const sessionsQuery = queryOptions({
  queryKey: ["account", "sessions"],
  queryFn: async ({ signal }) =>
    (await answered(api.GET("/api/v1/account/sessions", { signal }))).items,
});

export const saveAccount = (body: Schemas["ChangeAccount"]) =>
  answered(api.PATCH("/api/v1/account", { body }));

export const changePassword = (body: Schemas["ChangePassword"]) =>
  answered(api.POST("/api/v1/account/password", { body }));

export const beginSecondFactor = (password: string) =>
  answered(api.POST("/api/v1/account/second-factor", { body: { password } }));

/** Other recovery codes; those that are left are good no more. */
export const renewRecoveryCodes = (password: string) =>
  answered(api.POST("/api/v1/account/recovery-codes", { body: { password } }));

export const confirmSecondFactor = (code: string) =>
  answered(api.PUT("/api/v1/account/second-factor", { body: { code } }));

export const removeSecondFactor = (password: string) =>
  answered(api.DELETE("/api/v1/account/second-factor", { body: { password } }));

export const endSession = (session: string) =>
  answered(api.DELETE("/api/v1/account/sessions/{session}", { params: { path: { session } } }));

export const endAllSessions = () => answered(api.DELETE("/api/v1/sessions"));
