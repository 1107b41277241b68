// The tokens of a project.
import { getRouteApi } from "@tanstack/react-router";
import { Reserved } from "../../app/Reserved";
import { useWords } from "../../i18n/words";
import { TokensView } from "./TokensView";

const route = getRouteApi("/inside/projects/$project/tokens");

export function TokensPage() {
  const { project } = route.useParams();
  const words = useWords().tokens;
  return (
    <Reserved project={project} level="admin" title={words.title}>
      <TokensView project={project} />
    </Reserved>
  );
}
