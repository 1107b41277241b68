// `?` lists the keys.
import { Kbd, Modal } from "@mantine/core";
import { useState } from "react";
import { useWords } from "../i18n/words";
import styles from "./KeyboardHelp.module.css";
import { useKeys } from "./keys";

export function KeyboardHelp() {
  const {
    shell: { keys: words },
    common: { close },
  } = useWords();
  const [open, setOpen] = useState(false);
  useKeys({ "?": () => setOpen(true) });
  const rows: [string[], string][] = [
    [["⌘ K", "Ctrl K", "/"], words.search],
    [["j", "↓"], words.next],
    [["k", "↑"], words.previous],
    [["Enter"], words.open],
    [["x"], words.select],
    [["r"], words.retry],
    [["Esc"], words.close],
    [["?"], words.help],
  ];
  return (
    <Modal
      opened={open}
      onClose={() => setOpen(false)}
      title={words.title}
      closeButtonProps={{ "aria-label": close }}
    >
      <dl className={styles.keys}>
        {rows.map(([keys, deed]) => (
          <div key={deed} className={styles.row}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{deed}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
