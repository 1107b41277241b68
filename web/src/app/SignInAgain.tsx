// A session ended under an open page: its reader signs in over it, and goes on with what was typed.
// The page is covered, because whoever stands before the screen now may be somebody else.
import { Button, Modal } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { type Session, sessionQuery } from "../api/session";
import { sessionIsBack } from "../api/sessionEnd";
import { useWords } from "../i18n/words";
import styles from "./SignInAgain.module.css";

const SignInForm = lazy(() =>
  import("../pages/entrance/SignInForm").then((module) => ({ default: module.SignInForm })),
);

/** Who somebody is: a user by their id; the administrator's token has none. */
const idOf = (session: Session | undefined) => session?.user?.id ?? null;

export function SignInAgain() {
  const words = useWords().shell.sessionEnded;
  const client = useQueryClient();
  const navigate = useNavigate();
  const before = useQuery({ ...sessionQuery, enabled: false }).data;
  const leave = (to: "/" | "/sign-in") => {
    client.clear();
    sessionIsBack();
    return navigate({ to, ignoreBlocker: true });
  };
  const goOn = async (session: Session) => {
    const isSame = before !== undefined && idOf(before) === idOf(session);
    if (!isSame) {
      await leave("/");
    }
    client.setQueryData(sessionQuery.queryKey, session);
    if (isSame) {
      sessionIsBack();
      await client.invalidateQueries();
    }
  };
  return (
    <Modal
      opened
      fullScreen
      withCloseButton={false}
      closeOnEscape={false}
      onClose={() => {}}
      title={<span className={styles.title}>{words.title}</span>}
      transitionProps={{ duration: 0 }}
      classNames={{ body: styles.body ?? "", header: styles.header ?? "" }}
    >
      <p className={styles.about}>{words.about}</p>
      <Suspense fallback={null}>
        <SignInForm done={(session) => void goOn(session)} whose={before?.user?.email} />
      </Suspense>
      <Button
        variant="subtle"
        color="gray"
        className={styles.leave}
        onClick={() => void leave("/sign-in")}
      >
        {words.leave}
      </Button>
    </Modal>
  );
}
