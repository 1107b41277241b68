// Whether the reader may do something in a project. Pages leave out what cannot be done; the hub
// refuses it in any case.
import { useQuery } from "@tanstack/react-query";
import { type Access, may, sessionQuery } from "./session";

export function useMay(project: string, level: Access): boolean {
  const session = useQuery(sessionQuery).data;
  return session !== undefined && may(session, project, level);
}
