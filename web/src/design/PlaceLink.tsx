// A link to a list of a project, or to one thing in it, by what it is and its name: for pages that
// draw many kinds of things side by side.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

export type Place =
  | "messages"
  | "deliveries"
  | "incidents"
  | "connections"
  | "sources"
  | "forwarders"
  | "first-steps";

/** The address of a list of a project, or of one thing in it. */
export function placeOf(project: string, place: Place, name?: string): string {
  const list = `/projects/${encodeURIComponent(project)}/${place}`;
  return name === undefined ? list : `${list}/${encodeURIComponent(name)}`;
}

interface PlaceLinkProps {
  project: string;
  place: Place;
  /** Which one; the list of all, where it is left out. */
  name?: string;
  /** The filters of a list. */
  filters?: Record<string, string>;
  className?: string;
  children: ReactNode;
}

export function PlaceLink({ project, place, name, filters, className, children }: PlaceLinkProps) {
  const address: string = placeOf(project, place, name);
  return (
    <Link to={address} search={filters ?? {}} className={className}>
      {children}
    </Link>
  );
}
