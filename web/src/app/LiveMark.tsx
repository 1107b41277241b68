// Whether the page shows what happens as it happens.
import { Tooltip } from "@mantine/core";
import { useLiveState } from "../api/events";
import { useWords } from "../i18n/words";
import styles from "./LiveMark.module.css";

export function LiveMark() {
  const words = useWords().shell;
  const live = useLiveState() === "live";
  return (
    <Tooltip label={live ? words.liveAbout : words.connectingAbout}>
      <span className={styles.mark} data-live={live || undefined} role="status">
        <span className={styles.dot} aria-hidden="true" />
        <span className={styles.word}>{live ? words.live : words.connecting}</span>
      </span>
    </Tooltip>
  );
}
