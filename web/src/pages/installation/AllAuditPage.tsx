// The audit log of the whole installation.
import { getRouteApi } from "@tanstack/react-router";
import { onlyLooks } from "../../lists/columns";
import { AuditView } from "../audit/AuditView";

const route = getRouteApi("/inside/installation/installation/audit");

export function AllAuditPage() {
  const navigate = route.useNavigate();
  return (
    <AuditView
      project={null}
      search={route.useSearch()}
      change={(changed) =>
        void navigate({
          search: (before) => ({ ...before, ...changed }),
          replace: onlyLooks(changed),
        })
      }
    />
  );
}
