// Short words about what was just done, with the way back where there is one.
import { Button, CloseButton } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import { useWords } from "../i18n/words";
import styles from "./Toasts.module.css";

export interface Toast {
  text: ReactNode;
  /** Takes back what was done. */
  undo?: () => void;
  /** Where to go from here. Toasts stand outside of the router: no link can stand in their text. */
  show?: { label: string; act: () => void };
  /** Something went wrong: it stays until it is closed. */
  bad?: boolean;
}

type Show = (toast: Toast) => void;

const SHOWN_MILLISECONDS = 6000;
/** What can be taken back stays longer: reading comes before deciding. */
const UNDO_MILLISECONDS = 12_000;
const MOST_TOASTS = 4;

const ToastContext = createContext<Show>(() => {});

export const useToast = (): Show => useContext(ToastContext);

let number = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<(Toast & { key: number })[]>([]);
  const show = useCallback<Show>((toast) => {
    number += 1;
    const key = number;
    setToasts((shown) => [...shown.slice(1 - MOST_TOASTS), { ...toast, key }]);
  }, []);
  const hide = useCallback(
    (key: number) => setToasts((shown) => shown.filter((toast) => toast.key !== key)),
    [],
  );
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div className={styles.stack} role="status" aria-live="polite">
        {toasts.map(({ key, ...toast }) => (
          <ToastNote key={key} toast={toast} hide={() => hide(key)} />
        ))}
      </div>
    </ToastContext.Provider>
  );
}

function ToastNote({ toast, hide }: { toast: Toast; hide: () => void }) {
  const words = useWords().common;
  const { undo, show, bad = false } = toast;
  const isToBePressed = undo !== undefined || show !== undefined;
  const lasts = bad ? null : isToBePressed ? UNDO_MILLISECONDS : SHOWN_MILLISECONDS;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time runs once, from when it was shown
  useEffect(() => {
    if (lasts === null) {
      return;
    }
    const timer = setTimeout(hide, lasts);
    return () => clearTimeout(timer);
  }, [lasts]);
  return (
    <div className={styles.toast} data-bad={bad || undefined}>
      <div className={styles.text}>{toast.text}</div>
      {undo !== undefined && <ToastButton label={words.undo} act={undo} hide={hide} />}
      {show !== undefined && <ToastButton label={show.label} act={show.act} hide={hide} />}
      <CloseButton size="sm" aria-label={words.close} onClick={hide} />
    </div>
  );
}

interface ToastButtonProps {
  label: string;
  act: () => void;
  hide: () => void;
}

function ToastButton({ label, act, hide }: ToastButtonProps) {
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      onClick={() => {
        act();
        hide();
      }}
    >
      {label}
    </Button>
  );
}
