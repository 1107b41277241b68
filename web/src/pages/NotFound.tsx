// An address that leads nowhere, and a page that could not be shown.
import { Button } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import { ErrorNote } from "../design/ErrorNote";
import { PageHead } from "../design/PageHead";
import { useWords } from "../i18n/words";
import styles from "./NotFound.module.css";

export function NotFound() {
  const words = useWords().shell.notFound;
  return (
    <div className={styles.page}>
      <PageHead title={words.title} about={words.text} />
      <Button renderRoot={(props) => <Link {...props} to="/projects" />}>{words.home}</Button>
    </div>
  );
}

export function Failed({ error, reset }: ErrorComponentProps) {
  const words = useWords().shell.failed;
  return (
    <div className={styles.page}>
      <PageHead title={words.title} />
      <ErrorNote error={error} retry={reset} />
    </div>
  );
}
