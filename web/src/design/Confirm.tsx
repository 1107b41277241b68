// A question before something is lost or sent. It says what will happen before it happens; the
// button that does it carries the deed as its word, never "OK".
import { Button, Group } from "@mantine/core";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useWords } from "../i18n/words";
import { Dialog } from "./Dialog";

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

interface Asking {
  ask: (question: Question, asker: object) => Promise<boolean>;
  /** The asker is gone: what it asked is answered no. */
  withdraw: (asker: object) => void;
}

const ConfirmContext = createContext<Asking>({
  ask: () => Promise.resolve(false),
  withdraw: () => {},
});

/** `await confirm({…})` is whether the reader wants it. The question goes with the page that asked:
 *  after Back it must not act on what is no longer in sight. */
export function useConfirm(): Ask {
  const { ask, withdraw } = useContext(ConfirmContext);
  const asker = useRef({}).current;
  useEffect(() => () => withdraw(asker), [withdraw, asker]);
  return useCallback((question) => ask(question, asker), [ask, asker]);
}

interface Asked extends Question {
  asker: object;
  answer: (yes: boolean) => void;
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const words = useWords().common;
  // What was asked last; its words stay until the dialog is gone from the eye.
  const [asked, setAsked] = useState<Asked | null>(null);
  const open = useRef<Asked | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const answer = useCallback((yes: boolean) => {
    open.current?.answer(yes);
    open.current = null;
    setIsOpen(false);
  }, []);
  const asking = useMemo<Asking>(
    () => ({
      ask: (question, asker) =>
        new Promise((resolve) => {
          // There is one dialog: a question that another one takes the place of is answered no.
          open.current?.answer(false);
          open.current = { ...question, asker, answer: resolve };
          setAsked(open.current);
          setIsOpen(true);
        }),
      withdraw: (asker) => {
        if (open.current?.asker === asker) {
          answer(false);
        }
      },
    }),
    [answer],
  );
  return (
    <ConfirmContext.Provider value={asking}>
      {children}
      <Dialog opened={isOpen} close={() => answer(false)} title={asked?.title}>
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
      </Dialog>
    </ConfirmContext.Provider>
  );
}
