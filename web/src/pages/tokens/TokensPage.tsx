// The tokens of a project.
import { getRouteApi } from "@tanstack/react-router";
import { TokensView } from "./TokensView";

const route = getRouteApi("/inside/projects/$project/tokens");

export function TokensPage() {
  const { project } = route.useParams();
  return <TokensView project={project} />;
}
