// What stands around every page of the installation.
import { Outlet } from "@tanstack/react-router";
import { ReservedForInstallation } from "../../app/Reserved";

export function InstallationFrame() {
  return (
    <ReservedForInstallation>
      <Outlet />
    </ReservedForInstallation>
  );
}
