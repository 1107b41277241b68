// `?` lists the keys; so does the menu of the account, for those who have turned `?` off with the
// other single letters.
import { Kbd, Switch } from "@mantine/core";
import { useEffect, useState } from "react";
import { useWords } from "../i18n/words";
import { Dialog } from "./Dialog";
import styles from "./KeyboardHelp.module.css";
import { useKeys } from "./keys";
import { turnSingleKeys, useSingleKeys } from "./singleKeys";

const OPEN = "fieldpost-open-keys";

export const openKeyboardHelp = () => window.dispatchEvent(new Event(OPEN));

export function KeyboardHelp() {
  const words = useWords().shell.keys;
  const [open, setOpen] = useState(false);
  const singleKeys = useSingleKeys();
  useKeys({ "?": () => setOpen(true) });
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(OPEN, show);
    return () => window.removeEventListener(OPEN, show);
  }, []);
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
    <Dialog opened={open} close={() => setOpen(false)} title={words.title}>
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
      <Switch
        mt="lg"
        label={words.single}
        description={words.singleAbout}
        checked={singleKeys}
        onChange={(event) => turnSingleKeys(event.currentTarget.checked)}
      />
    </Dialog>
  );
}
