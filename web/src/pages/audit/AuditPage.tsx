// The audit log of a project.
import { getRouteApi } from "@tanstack/react-router";
import { Reserved } from "../../app/Reserved";
import { useWords } from "../../i18n/words";
import { onlyLooks } from "../../lists/columns";
import { AuditView } from "./AuditView";

const route = getRouteApi("/inside/projects/$project/audit");

export function AuditPage() {
  const { project } = route.useParams();
  const words = useWords().audit;
  const navigate = route.useNavigate();
  const search = route.useSearch();
  return (
    <Reserved project={project} level="admin" title={words.title}>
      <AuditView
        project={project}
        search={search}
        change={(changed) =>
          void navigate({
            search: (before) => ({ ...before, ...changed }),
            replace: onlyLooks(changed),
          })
        }
      />
    </Reserved>
  );
}
