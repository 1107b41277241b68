// A question before something is lost or sent. It says what will happen before it happens; the
// button that does it carries the deed as its word, never "OK".
import { Button, Group, Modal } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { useWords } from "../i18n/words";

export interface Question {
  title: string;
  /** What will happen. */
  text: ReactNode;
  /** The word of the button that does it. */
  action: string;
  /** Whether something is lost by it. */
  loses?: boolean;
}

type Ask = (question: Question) => Promise<boolean>;

const ConfirmContext = createContext<Ask>(() => Promise.resolve(false));

/** `await confirm({…})` is whether the reader wants it. */
export const useConfirm = (): Ask => useContext(ConfirmContext);

interface Asked extends Question {
  answer: (yes: boolean) => void;
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const words = useWords().common;
  const [asked, setAsked] = useState<Asked | null>(null);
  const [open, setOpen] = useState(false);
  const ask = useCallback<Ask>(
    (question) =>
      new Promise((answer) => {
        setAsked({ ...question, answer });
        setOpen(true);
      }),
    [],
  );
  const answer = (yes: boolean) => {
    asked?.answer(yes);
    // The words stay until the dialog is gone from the eye.
    setOpen(false);
  };
  return (
    <ConfirmContext.Provider value={ask}>
      {children}
      <Modal
        opened={open}
        onClose={() => answer(false)}
        title={asked?.title}
        closeButtonProps={{ "aria-label": words.close }}
      >
        <div>{asked?.text}</div>
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={() => answer(false)}>
            {words.cancel}
          </Button>
          <Button
            color={asked?.loses === true ? "red" : "teal"}
            data-autofocus
            onClick={() => answer(true)}
          >
            {asked?.action}
          </Button>
        </Group>
      </Modal>
    </ConfirmContext.Provider>
  );
}
