// A step in words: **what stands on a button**, *what a place is called*, `what is typed`, and
// {address} where the address of the source is to be copied. What is longer than a word or two is
// not typed but copied.
import { type ReactNode, useMemo } from "react";
import { wholeLink } from "../../api/links";
import { Copying } from "../../design/Identifier";
import { useWords } from "../../i18n/words";
import { CopyAddress } from "../sources/Addresses";

const PARTS = /(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\{address\})/;

/** What is typed by hand rather than copied. */
const MOST_TYPED_CHARACTERS = 20;

interface StepTextProps {
  text: string;
  /** Null as long as there is none, or for those who may not see it. */
  address: string | null;
  /** What is said in the place of the address then. */
  without: string;
}

export function StepText({ text, address, without }: StepTextProps) {
  const parts = useMemo(() => text.split(PARTS), [text]);
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the sentence
    <Part key={index} text={part} address={address} without={without} />
  ));
}

function Part({ text, address, without }: StepTextProps): ReactNode {
  const { definitions, firstSteps } = useWords();
  if (text === "{address}") {
    return address === null ? (
      <em>{without}.</em>
    ) : (
      <CopyAddress address={address} label={definitions.copyAddress} />
    );
  }
  if (text.startsWith("**")) {
    return <strong>{text.slice(2, -2)}</strong>;
  }
  if (text.startsWith("*") && text.length > 1) {
    return <em>{text.slice(1, -1)}</em>;
  }
  if (text.startsWith("`")) {
    const written = text.slice(1, -1);
    const code = address === null ? written : written.replace("{address}", wholeLink(address));
    const isWhole = !code.includes("{address}");
    return (
      <>
        <code>{code}</code>
        {isWhole && code.length > MOST_TYPED_CHARACTERS && (
          <Copying text={code} label={firstSteps.copyText} />
        )}
      </>
    );
  }
  return text;
}
