// A step in words: **what stands on a button**, *what a place is called*, `what is typed`, and
// {address} where the address of the source is to be copied.
import { type ReactNode, useMemo } from "react";
import { wholeLink } from "../../api/links";
import { useWords } from "../../i18n/words";
import { CopyAddress } from "../sources/Addresses";

const PARTS = /(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\{address\})/;

interface StepTextProps {
  text: string;
  /** Null as long as there is none. */
  address: string | null;
}

export function StepText({ text, address }: StepTextProps) {
  const parts = useMemo(() => text.split(PARTS), [text]);
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the sentence
    <Part key={index} text={part} address={address} />
  ));
}

function Part({ text, address }: StepTextProps): ReactNode {
  const words = useWords().definitions;
  if (text === "{address}") {
    return address === null ? "…" : <CopyAddress address={address} label={words.copyAddress} />;
  }
  if (text.startsWith("**")) {
    return <strong>{text.slice(2, -2)}</strong>;
  }
  if (text.startsWith("*") && text.length > 1) {
    return <em>{text.slice(1, -1)}</em>;
  }
  if (text.startsWith("`")) {
    const code = text.slice(1, -1);
    return <code>{address === null ? code : code.replace("{address}", wholeLink(address))}</code>;
  }
  return text;
}
