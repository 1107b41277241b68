// What the pages of the installation ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type InvitedUser = Schemas["InvitedUser"];
export type SealingKeys = Schemas["SealingKeys"];

/** A rotation is looked after this often. */
const LOOK_AGAIN_MILLISECONDS = 1000;

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: async ({ signal }): Promise<User[]> =>
    (await answered(api.GET("/api/v1/users", { signal }))).items,
});

export const inviteUser = (body: Schemas["NewUser"]) =>
  answered(api.POST("/api/v1/users", { body }));

export const changeUser = (user: string, body: Schemas["ChangeUser"]) =>
  answered(api.PATCH("/api/v1/users/{user}", { params: { path: { user } }, body }));

export const deleteUser = (user: string) =>
  answered(api.DELETE("/api/v1/users/{user}", { params: { path: { user } } }));

export const resetUser = (user: string, second_factor: boolean) =>
  answered(
    api.POST("/api/v1/users/{user}/reset", {
      params: { path: { user } },
      body: { second_factor },
    }),
  );

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => answered(api.GET("/api/v1/keys", { signal })),
  refetchInterval: (query) =>
    query.state.data?.rotation.running === true ? LOOK_AGAIN_MILLISECONDS : false,
});

export const rotateKeys = () => answered(api.POST("/api/v1/keys/rotate"));

export const statusQuery = queryOptions({
  queryKey: ["status"],
  // Hubs tell every ten seconds that they are there.
  refetchInterval: 10_000,
  queryFn: ({ signal }) => answered(api.GET("/api/v1/status", { signal })),
});
