// Once more, beside the branch of a message's way: what waits is tried now, what failed waits again.
import { Button } from "@mantine/core";
import { useMay } from "../../api/useMay";
import { useWords } from "../../i18n/words";
import type { Branch } from "../../route/stations";
import { onceMore } from "./deeds";
import { useDeed } from "./useDeed";

export function BranchDeed({ project, branch }: { project: string; branch: Branch }) {
  const { deliveries, definitions } = useWords();
  const words = deliveries.deeds;
  const may = useMay(project, "editor");
  const { act, doing } = useDeed(project);
  if (!may || branch.tone === "delivered" || branch.tone === "ended") {
    return null;
  }
  const { delivery: id, state, connection } = branch;
  const delivery = { id, state, connection, holds: false };
  const deed = onceMore(delivery);
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={definitions.deedNamed(words[deed], connection)}
      loading={doing(id) !== undefined}
      onClick={() => void act(deed, delivery)}
    >
      {words[deed]}
    </Button>
  );
}
