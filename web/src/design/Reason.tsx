// Why something is done, in the words of whoever does it: nobody has to say, and it stands in the
// audit log for those who wonder later.
import { TextInput } from "@mantine/core";
import { useCallback, useState } from "react";
import { useWords } from "../i18n/words";
import { type Question, useConfirm } from "./Confirm";

/** The hub keeps no more. */
const MOST_CHARACTERS = 500;

interface ReasonFieldProps {
  change: (reason: string | null) => void;
}

export function ReasonField({ change }: ReasonFieldProps) {
  const words = useWords().common;
  const [typed, setTyped] = useState("");
  return (
    <TextInput
      mt="md"
      label={words.reason}
      description={words.reasonAbout}
      maxLength={MOST_CHARACTERS}
      value={typed}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        change(text.trim() || null);
      }}
    />
  );
}

/** `await ask({…})` is the reason, null where none was given; false where the reader does not want
 *  the deed. */
export function useAskWithReason(): (question: Question) => Promise<string | null | false> {
  const confirm = useConfirm();
  return useCallback(
    async (question) => {
      let reason: string | null = null;
      const text = (
        <>
          {question.text}
          <ReasonField
            change={(typed) => {
              reason = typed;
            }}
          />
        </>
      );
      return (await confirm({ ...question, text })) ? reason : false;
    },
    [confirm],
  );
}
