// Saving a definition: a new one only where none of its name is, a changed one only where nobody
// has saved it since; unless somebody says so.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useToast } from "../design/Toasts";
import { useWords } from "../i18n/words";
import type { Definition } from "./definition";
import type { Meanwhile } from "./Meanwhile";
import { type Defined, definitionsKey, type Expected, expecting, type Noun, save } from "./queries";

interface Saving {
  project: string;
  noun: Noun;
  name: string;
  /** What the form began with; null for something new. */
  defined: Defined | null;
  /** Where the reader goes then. */
  done: () => Promise<unknown>;
}

interface Wanted {
  definition: Definition;
  /** Saves over what somebody else has saved meanwhile. */
  over?: Meanwhile;
}

export function useSaving({ project, noun, name, defined, done }: Saving) {
  const words = useWords().definitions;
  const toast = useToast();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ definition, over }: Wanted) => {
      const expected: Expected =
        over !== undefined
          ? expecting(await over.newest())
          : defined === null
            ? "nothing"
            : expecting(defined);
      await save(project, noun, name, definition, expected);
    },
    onSuccess: async () => {
      toast({ text: words.saved(name) });
      await client.invalidateQueries({ queryKey: definitionsKey(project) });
      await done();
    },
  });
}
