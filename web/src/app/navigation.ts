// The rail: which pages there are to go to, in the order in which a message meets them. A page
// stands here by one line; its word is in the dictionary's `shell.pages`.
import type { LinkProps } from "@tanstack/react-router";
import {
  Footprints,
  Forward,
  Inbox,
  LayoutDashboard,
  type LucideIcon,
  Mail,
  Plug,
  Send,
  TriangleAlert,
  Waypoints,
} from "lucide-react";
import type { ComponentType } from "react";
import type { Words } from "../i18n/words";
import { OpenCount } from "../pages/incidents/OpenCount";

export interface RailEntry {
  word: keyof Words["shell"]["pages"];
  to: NonNullable<LinkProps["to"]>;
  icon: LucideIcon;
  /** What stands behind the word: a number that needs somebody. */
  badge?: ComponentType<{ project: string }>;
}

/** Pages of a project. The first four stand in the bar of a phone, the rest behind "More". */
export const PROJECT_PAGES: RailEntry[] = [
  { word: "overview", to: "/projects/$project", icon: LayoutDashboard },
  { word: "map", to: "/projects/$project/map", icon: Waypoints },
  { word: "messages", to: "/projects/$project/messages", icon: Mail },
  { word: "deliveries", to: "/projects/$project/deliveries", icon: Send },
  {
    word: "incidents",
    to: "/projects/$project/incidents",
    icon: TriangleAlert,
    badge: OpenCount,
  },
  { word: "sources", to: "/projects/$project/sources", icon: Inbox },
  { word: "forwarders", to: "/projects/$project/forwarders", icon: Forward },
  { word: "connections", to: "/projects/$project/connections", icon: Plug },
  { word: "firstSteps", to: "/projects/$project/first-steps", icon: Footprints },
];

/** Pages of the whole installation, for its administrators. */
export const INSTALLATION_PAGES: RailEntry[] = [];
