// The fields by which lists of a form's submissions are quick, however many there are.
import { Autocomplete, Button, VisuallyHidden } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useMay } from "../../api/useMay";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import table from "../../design/table.module.css";
import filed from "../../filed/filed.module.css";
import type { FormInFull } from "../../filed/queries";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./forms.module.css";
import {
  type IndexedPath,
  indexable,
  indexedQuery,
  MOST_INDEXED,
  type Turn,
  turnIndexed,
} from "./indexed";

interface IndexedProps {
  project: string;
  form: FormInFull;
}

export function Indexed({ project, form }: IndexedProps) {
  const words = useWords().forms;
  const may = useMay(project, "editor");
  const query = useQuery(indexedQuery(project, form.name));
  return (
    <Section title={words.sections.indexed}>
      <p className={styles.about}>{words.indexed.about}</p>
      <Loaded query={query}>
        {(paths) => (
          <>
            {paths.length > 0 && <Paths project={project} form={form} paths={paths} />}
            {paths.length === 0 && !may && <p className={filed.quiet}>{words.indexed.none}</p>}
            {may && <Add project={project} form={form} paths={paths} />}
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** Turns the fields, and shows what they are from then on. */
function useTurn({ project, form }: IndexedProps) {
  const client = useQueryClient();
  const { queryKey } = indexedQuery(project, form.name);
  return useMutation({
    mutationFn: (turn: Turn) => turnIndexed(project, form.name, turn),
    onSuccess: async (paths) => {
      // A look that began before may come home after this, with what was there then.
      await client.cancelQueries({ queryKey });
      client.setQueryData(queryKey, () => paths);
    },
  });
}

type OfPaths = IndexedProps & { paths: IndexedPath[] };

function Paths({ project, form, paths }: OfPaths) {
  const all = useWords();
  const words = all.forms;
  const may = useMay(project, "editor");
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.questions.path}</th>
            <th>{words.indexed.state}</th>
            {may && (
              <th>
                <VisuallyHidden>{all.forwarders.columns.actions}</VisuallyHidden>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {paths.map(({ path, complete }) => (
            <tr key={path}>
              <td>
                <code>{path}</code>
              </td>
              <td>
                <StateMark tone={complete ? "well" : "waiting"}>
                  {complete ? words.indexed.complete : words.indexed.filling}
                </StateMark>
              </td>
              {may && (
                <td className={table.number}>
                  <Remove project={project} form={form} path={path} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Values are taken away in the background, and a field cannot be added again before that is done: so
 *  somebody is asked before, and nothing can be taken back after. */
function Remove({ project, form, path }: IndexedProps & { path: string }) {
  const words = useWords().forms;
  const toast = useToast();
  const confirm = useConfirm();
  const turn = useTurn({ project, form });
  const bad = (error: Error) => toast({ text: <ErrorNote error={error} />, bad: true });
  const removed = () => toast({ text: words.indexed.removed(path) });
  const remove = async () => {
    const question = {
      title: words.files.ask(path),
      text: words.indexed.askAbout,
      action: words.files.remove,
    };
    if (await confirm(question)) {
      // The row is gone by then: whoever waits for a promise is told all the same.
      await turn.mutateAsync((paths) => paths.filter((other) => other !== path)).then(removed, bad);
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={words.files.removeNamed(path)}
      loading={turn.isPending}
      onClick={() => void remove()}
    >
      {words.files.remove}
    </Button>
  );
}

function Add({ project, form, paths }: OfPaths) {
  const words = useWords().forms.indexed;
  const [typed, setTyped] = useState("");
  const turn = useTurn({ project, form });
  if (paths.length >= MOST_INDEXED) {
    return <p className={filed.quiet}>{words.full(MOST_INDEXED)}</p>;
  }
  const path = typed.trim();
  const has = (wanted: string) => paths.some((each) => each.path === wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (path !== "") {
      turn.mutate((before) => [...before, path], { onSuccess: () => setTyped("") });
    }
  };
  return (
    <form onSubmit={submit} className={styles.add}>
      <Autocomplete
        size="xs"
        label={words.field}
        data={indexable(form.fields ?? []).filter((each) => !has(each))}
        limit={50}
        spellCheck={false}
        value={typed}
        openOnFocus={false}
        error={has(path) ? words.already : undefined}
        onChange={(value) => {
          setTyped(value);
          turn.reset();
        }}
      />
      <Button
        type="submit"
        size="xs"
        variant="default"
        loading={turn.isPending}
        disabled={path === "" || has(path)}
      >
        {words.add}
      </Button>
      {turn.error !== null && <ErrorNote error={turn.error} />}
    </form>
  );
}
