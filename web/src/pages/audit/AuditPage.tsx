// The audit log of a project.
import { getRouteApi } from "@tanstack/react-router";
import { onlyLooks } from "../../lists/columns";
import { AuditView } from "./AuditView";

const route = getRouteApi("/inside/projects/$project/audit");

export function AuditPage() {
  const { project } = route.useParams();
  const navigate = route.useNavigate();
  return (
    <AuditView
      project={project}
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
