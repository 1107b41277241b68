// The form of a source, a connection or a forwarder, made or changed: its state, saving it, and where
// the reader goes then. What its fields are is each noun's own affair.
import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { placeOf } from "../design/PlaceLink";
import { useWords } from "../i18n/words";
import type { Definition } from "./definition";
import { FormFrame } from "./FormFrame";
import { FormProvider, useForm } from "./form";
import type { Meanwhile } from "./Meanwhile";
import { useNameField } from "./name";
import { type Defined, type Noun, sectionOf } from "./queries";
import { useSaving } from "./saving";

/** What a page knows of the form that it shows. */
export interface OfForm {
  project: string;
  /** Null for something new. */
  name: string | null;
  defined: Defined | null;
  meanwhile?: Meanwhile;
}

/** What stands beside the fields is told what is typed, and tells what the hub says of it. */
export interface Typed {
  name: string;
  definition: Definition;
  told: (error: unknown) => void;
}

interface DefinitionFormProps extends OfForm {
  noun: Noun;
  /** What the form begins with. */
  initial: Definition;
  /** A name to begin with. */
  firstName?: string;
  /** The paths of the fields, that can show mistakes; where they follow from what is typed, how. */
  fields: readonly string[] | ((definition: Definition) => readonly string[]);
  /** The word of the button that makes one. */
  makeWord: string;
  /** Where it goes then, if not to its own page. */
  done?: (name: string) => Promise<unknown>;
  /** Whether there is a page of one: else the list of all is where the reader comes from, and goes to. */
  hasPage?: boolean;
  /** What is written of what is typed: fields that another choice has hidden may be left out. */
  written?: (definition: Definition) => Definition;
  /** Whether what is typed can be sent at all; the fields say what cannot. */
  isReadable?: (definition: Definition) => boolean;
  secretsLeave?: (saved: Definition, definition: Definition) => boolean;
  /** Whether the fields take the whole width of the page. */
  wide?: boolean;
  aside?: (typed: Typed) => ReactNode;
  /** The fields; that of the name is there for something new. */
  children: (nameField: ReactNode) => ReactNode;
}

export function DefinitionForm(props: DefinitionFormProps) {
  const { project, noun, name, defined, meanwhile, initial, fields, secretsLeave } = props;
  const words = useWords();
  const navigate = useNavigate();
  const [said, setSaid] = useState<unknown>(null);
  const named = useNameField(name, props.firstName);
  const hasPage = props.hasPage ?? true;
  const toOne = (one: string) =>
    navigate({ to: hasPage ? placeOf(project, noun, one) : placeOf(project, noun) });
  const saving = useSaving({
    project,
    noun,
    name: named.name,
    defined,
    done: () => (props.done ?? toOne)(named.name),
  });
  const saved = defined === null ? null : initial;
  const { form, touched, rest, spoken } = useForm({
    saved,
    initial,
    prefix: `${sectionOf(noun)}.${named.name || "new"}`,
    fields,
    error: saving.error ?? said,
    secretsLeave: (definition) => saved !== null && secretsLeave?.(saved, definition) === true,
  });
  const written = props.written?.(form.definition) ?? form.definition;
  const submit = (over?: Meanwhile) => {
    setSaid(null);
    spoken();
    const isReadable = props.isReadable?.(written) ?? true;
    if (named.check() && form.isSound && isReadable) {
      saving.mutate({ definition: written, over });
    }
  };
  const told = (error: unknown) => {
    saving.reset();
    spoken();
    setSaid(error);
  };
  return (
    <FormProvider form={form}>
      <FormFrame
        save={() => submit()}
        saving={saving.isPending}
        saved={saving.isSuccess}
        saveWord={name === null ? props.makeWord : words.definitions.save}
        cancel={() => void (name === null ? navigate({ to: placeOf(project, noun) }) : toOne(name))}
        wide={props.wide}
        touched={touched || named.touched}
        error={saving.error}
        rest={rest}
        meanwhile={
          meanwhile && {
            name: named.name,
            again: meanwhile.again,
            anyway: () => submit(meanwhile),
          }
        }
        aside={props.aside?.({ name: named.name, definition: written, told })}
      >
        {props.children(name === null ? <TextInput {...named.field(saving.error)} /> : null)}
      </FormFrame>
    </FormProvider>
  );
}
