// A button with a word that copies a text, and says what came of it.
import { Button } from "@mantine/core";
import { Check, Copy, X } from "lucide-react";
import type { ReactNode } from "react";
import { useWords } from "../i18n/words";
import { useCopying } from "./copy";

interface CopyingButtonProps {
  text: string;
  /** Its word, where that is not "Copy". */
  label?: string;
  icon?: ReactNode;
  size?: string;
}

export function CopyingButton({ text, label, icon, size = "compact-md" }: CopyingButtonProps) {
  const words = useWords().common;
  const { state, copy } = useCopying(text);
  const icons = {
    ready: icon ?? <Copy size={14} />,
    copied: <Check size={14} />,
    failed: <X size={14} />,
  };
  const told = { ready: label ?? words.copy, copied: words.copied, failed: words.notCopied };
  return (
    <Button variant="default" size={size} leftSection={icons[state]} onClick={copy}>
      <span aria-live="polite">{told[state]}</span>
    </Button>
  );
}
