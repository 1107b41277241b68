// The rail: which pages there are to go to, in the order in which a message meets them. A page
// stands here by one line; its word is in the dictionary's `shell.pages`.
import type { LinkProps } from "@tanstack/react-router";
import {
  Activity,
  ClipboardList,
  FileCode,
  FileText,
  FolderOpen,
  Footprints,
  Forward,
  Inbox,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  Mail,
  Play,
  Plug,
  ScrollText,
  Send,
  Settings,
  Ticket,
  TriangleAlert,
  UserRoundCog,
  Users,
  Waypoints,
  Workflow,
} from "lucide-react";
import type { ComponentType } from "react";
import { type Access, may, type Session } from "../api/session";
import type { Words } from "../i18n/words";
import { OpenCount } from "../pages/incidents/OpenCount";

export interface RailEntry {
  word: keyof Words["shell"]["pages"];
  to: NonNullable<LinkProps["to"]>;
  icon: LucideIcon;
  /** What stands behind the word: a number that needs somebody. */
  badge?: ComponentType<{ project: string }>;
  /** The level that the page asks for, where looking is not enough. */
  level?: Access;
}

/** Pages of a project. The first four stand in the bar of a phone, the rest behind "More". */
export const PROJECT_PAGES: RailEntry[] = [
  { word: "overview", to: "/projects/$project", icon: LayoutDashboard },
  { word: "map", to: "/projects/$project/map", icon: Waypoints },
  { word: "messages", to: "/projects/$project/messages", icon: Mail },
  { word: "deliveries", to: "/projects/$project/deliveries", icon: Send },
  { word: "submissions", to: "/projects/$project/submissions", icon: FileText },
  { word: "cases", to: "/projects/$project/cases", icon: FolderOpen },
  { word: "forms", to: "/projects/$project/forms", icon: ClipboardList },
  {
    word: "incidents",
    to: "/projects/$project/incidents",
    icon: TriangleAlert,
    badge: OpenCount,
  },
  { word: "sources", to: "/projects/$project/sources", icon: Inbox },
  { word: "forwarders", to: "/projects/$project/forwarders", icon: Forward },
  { word: "connections", to: "/projects/$project/connections", icon: Plug },
  { word: "workflows", to: "/projects/$project/workflows", icon: Workflow },
  { word: "runs", to: "/projects/$project/runs", icon: Play },
  { word: "firstSteps", to: "/projects/$project/first-steps", icon: Footprints },
  { word: "projectFile", to: "/projects/$project/project-file", icon: FileCode },
  { word: "members", to: "/projects/$project/members", icon: Users },
  { word: "tokens", to: "/projects/$project/tokens", icon: Ticket, level: "admin" },
  { word: "audit", to: "/projects/$project/audit", icon: ScrollText, level: "admin" },
  { word: "settings", to: "/projects/$project/settings", icon: Settings },
];

/** Pages of the whole installation, for its administrators. */
export const INSTALLATION_PAGES: RailEntry[] = [
  { word: "users", to: "/installation/users", icon: UserRoundCog },
  { word: "allTokens", to: "/installation/tokens", icon: Ticket },
  { word: "allAudit", to: "/installation/audit", icon: ScrollText },
  { word: "keys", to: "/installation/keys", icon: KeyRound },
  { word: "status", to: "/installation/status", icon: Activity },
];

/** The pages of a project that somebody may go to. */
export function pagesFor(session: Session | undefined, project: string): RailEntry[] {
  return PROJECT_PAGES.filter(
    ({ level }) => level === undefined || (session !== undefined && may(session, project, level)),
  );
}
