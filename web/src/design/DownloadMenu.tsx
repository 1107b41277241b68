// A button that offers the same as files of several kinds.
import { Button, Menu } from "@mantine/core";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./DownloadMenu.module.css";

/** A file that can be taken. */
export interface Offered {
  label: string;
  href: string;
  /** What the file is called. */
  name: string;
}

interface DownloadMenuProps {
  label: string;
  files: Offered[];
  /** What is to be known before one is taken. */
  note?: ReactNode;
}

export function DownloadMenu({ label, files, note }: DownloadMenuProps) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={14} />}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files.map(({ label, href, name }) => (
          <Menu.Item
            key={name}
            renderRoot={(props) => (
              <a {...props} href={href} download={name}>
                {label}
              </a>
            )}
          />
        ))}
        {note !== undefined && <p className={styles.note}>{note}</p>}
      </Menu.Dropdown>
    </Menu>
  );
}
