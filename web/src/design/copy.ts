// Copies a text. Browsers give the clipboard to pages of https and of this machine only; a hub in a
// local network without a certificate copies the older way.
import { useEffect, useState } from "react";

/** Fails where the browser does not let the page copy. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  // Out of sight, but not hidden: what is hidden cannot be selected.
  field.style.position = "fixed";
  field.style.opacity = "0";
  // A dialog keeps what is selected inside of it: there the field has to be.
  (before?.closest("[role=dialog]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) {
    before.focus();
  }
  if (!isCopied) {
    throw new Error("the browser did not copy");
  }
}

export type CopyState = "ready" | "copied" | "failed";

const SHOWN_MILLISECONDS = 1500;

/** What a button that copies shows: for a moment, what came of it. */
export function useCopying(text: string): { state: CopyState; copy: () => void } {
  const [state, setState] = useState<CopyState>("ready");
  useEffect(() => {
    if (state !== "ready") {
      const timer = setTimeout(() => setState("ready"), SHOWN_MILLISECONDS);
      return () => clearTimeout(timer);
    }
  }, [state]);
  const copy = () =>
    void copyText(text).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  return { state, copy };
}
