// The rail: which pages there are to go to, in the order in which a message meets them. A page
// stands here by one line; its word is in the dictionary's `shell.pages`.
import type { LinkProps } from "@tanstack/react-router";
import { LayoutDashboard, type LucideIcon, Mail } from "lucide-react";
import type { Words } from "../i18n/words";

export interface RailEntry {
  word: keyof Words["shell"]["pages"];
  to: NonNullable<LinkProps["to"]>;
  icon: LucideIcon;
}

/** Pages of a project. The first four stand in the bar of a phone, the rest behind "More". */
export const PROJECT_PAGES: RailEntry[] = [
  { word: "overview", to: "/projects/$project", icon: LayoutDashboard },
  { word: "messages", to: "/projects/$project/messages", icon: Mail },
];

/** Pages of the whole installation, for its administrators. */
export const INSTALLATION_PAGES: RailEntry[] = [];
