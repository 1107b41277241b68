// Somebody else has saved the same thing while it was changed here. Nothing is overwritten without a
// word: whoever reads this chooses between what is saved and what is typed.
import { Button, Group } from "@mantine/core";
import { Problem } from "../api/problem";
import { useWords } from "../i18n/words";
import styles from "./definitions.module.css";
import type { Defined } from "./queries";

/** What can be done about a save of somebody else's. */
export interface Meanwhile {
  /** Begins again with what is saved. */
  again: () => void;
  /** What is saved at this moment. */
  newest: () => Promise<Defined>;
}

export const isMeanwhile = (error: unknown): boolean =>
  error instanceof Problem && error.code === "changed-meanwhile";

interface MeanwhileNoteProps {
  name: string;
  again: () => void;
  /** Saves what is typed over what is saved. */
  anyway: () => void;
  saving: boolean;
}

export function MeanwhileNote({ name, again, anyway, saving }: MeanwhileNoteProps) {
  const words = useWords().definitions.meanwhile;
  return (
    <div role="alert" className={styles.meanwhile}>
      <p>
        <strong>{words.title(name)}</strong> {words.about}
      </p>
      <Group gap="xs">
        <Button variant="default" onClick={again}>
          {words.again}
        </Button>
        <Button color="red" variant="light" loading={saving} onClick={anyway}>
          {words.anyway}
        </Button>
      </Group>
    </div>
  );
}
