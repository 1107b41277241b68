// The tokens that open all projects.
import { TokensView } from "../tokens/TokensView";

export function AllTokensPage() {
  return <TokensView project={null} />;
}
