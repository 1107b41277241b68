// What the map asks the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { midnight, untilMidnight } from "../overview/days";

export const MAP_KEY = "map";

export const mapQuery = (project: string) =>
  queryOptions({
    queryKey: [MAP_KEY, project],
    // At midnight another day begins, though nothing happens.
    refetchInterval: () => untilMidnight(new Date()),
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/map", {
          params: { path: { project }, query: { today: midnight(new Date()).toISOString() } },
          signal,
        }),
      ),
  });
