// The way in for a system: a source with an address of its own, made by one button, or one that is
// there already.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useMay } from "../../api/useMay";
import { useNameField } from "../../definitions/name";
import { definitionsKey, save, sourcesQuery } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import styles from "./firstSteps.module.css";
import { FACTS, type System } from "./systems";

interface MakeSourceProps {
  project: string;
  system: System;
}

export function MakeSource({ project, system }: MakeSourceProps) {
  const words = useWords().firstSteps;
  const may = useMay(project, "editor");
  const { data: sources, error, refetch } = useQuery(sourcesQuery(project));
  if (error !== null) {
    return <ErrorNote error={error} retry={() => void refetch()} />;
  }
  const { dialect } = FACTS[system];
  const fitting = sources?.filter((source) => source.dialect === dialect) ?? [];
  return (
    <Section title={words.make}>
      {!may && <p className={styles.quiet}>{words.mayNot}</p>}
      {may && sources !== undefined && (
        <MakeForm
          key={system}
          project={project}
          system={system}
          taken={sources.map((each) => each.name)}
        />
      )}
      {fitting.length > 0 && (
        <p className={styles.existing}>
          {words.existing}
          {fitting.map((source) => (
            <Link
              key={source.name}
              to="/projects/$project/first-steps/$system"
              params={{ project, system }}
              search={{ source: source.name }}
            >
              {source.name}
            </Link>
          ))}
        </p>
      )}
    </Section>
  );
}

function MakeForm({ project, system, taken }: MakeSourceProps & { taken: string[] }) {
  const words = useWords().firstSteps;
  const client = useQueryClient();
  const navigate = useNavigate();
  const { dialect, name } = FACTS[system];
  const named = useNameField(null, taken, freeName(name, taken));
  const making = useMutation({
    mutationFn: () => save(project, "sources", named.name, { dialect }),
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
      <TextInput {...named.field} />
      {making.error !== null && <ErrorNote error={making.error} />}
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
