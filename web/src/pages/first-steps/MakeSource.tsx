// The way in for a system: a source with an address of its own, made by one button, or one that is
// there already.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useMay } from "../../api/useMay";
import { isNameTaken, useNameField } from "../../definitions/name";
import { definitionsKey, save, sourcesQuery } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./firstSteps.module.css";
import { FACTS, type System } from "./systems";

interface MakeSourceProps {
  project: string;
  system: System;
}

export function MakeSource({ project, system }: MakeSourceProps) {
  const words = useWords().firstSteps;
  const may = useMay(project, "editor");
  const { dialect } = FACTS[system];
  return (
    <Section title={words.make}>
      {!may && <p className={styles.quiet}>{words.mayNot}</p>}
      <Loaded query={useQuery(sourcesQuery(project))}>
        {(sources) => (
          <>
            {may && (
              <MakeForm
                key={system}
                project={project}
                system={system}
                taken={sources.map((each) => each.name)}
              />
            )}
            <Existing
              project={project}
              system={system}
              names={sources.filter((each) => each.dialect === dialect).map(({ name }) => name)}
            />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Existing({ project, system, names }: MakeSourceProps & { names: string[] }) {
  const words = useWords().firstSteps;
  if (names.length === 0) {
    return null;
  }
  return (
    <p className={styles.existing}>
      {words.existing}
      {names.map((source) => (
        <Link
          key={source}
          to="/projects/$project/first-steps/$system"
          params={{ project, system }}
          search={{ source }}
        >
          {source}
        </Link>
      ))}
    </p>
  );
}

function MakeForm({ project, system, taken }: MakeSourceProps & { taken: string[] }) {
  const words = useWords().firstSteps;
  const client = useQueryClient();
  const navigate = useNavigate();
  const { dialect, name } = FACTS[system];
  const named = useNameField(null, freeName(name, taken));
  const making = useMutation({
    mutationFn: () => save(project, "sources", named.name, { dialect }, "nothing"),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: definitionsKey(project) });
      await navigate({
        to: "/projects/$project/first-steps/$system",
        params: { project, system },
        search: { source: named.name },
      });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (named.check()) {
      making.mutate();
    }
  };
  return (
    <form className={styles.make} onSubmit={submit} noValidate>
      <p>{words.makeAbout}</p>
      <TextInput {...named.field(making.error)} />
      {making.error !== null && !isNameTaken(making.error) && <ErrorNote error={making.error} />}
      <Button type="submit" loading={making.isPending}>
        {words.makeAction}
      </Button>
    </form>
  );
}

/** The first of `kobo`, `kobo-2`, `kobo-3` … that is free. */
function freeName(name: string, taken: string[]): string {
  let number = 1;
  let free = name;
  while (taken.includes(free)) {
    number += 1;
    free = `${name}-${number}`;
  }
  return free;
}
