// Projects, as the whole page knows them.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "./client";

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async ({ signal }) => (await answered(api.GET("/api/v1/projects", { signal }))).items,
});
