// The columns of the table of submissions: what the hub knows of each, and the answers of the form
// that is chosen, in its order.
import { Identifier } from "../../design/Identifier";
import { Time } from "../../design/Time";
import { AnswerText, choicesOf } from "../../filed/AnswerText";
import { answerAt, pathsOf, told } from "../../filed/answers";
import filed from "../../filed/filed.module.css";
import { labelFor } from "../../filed/labels";
import type { FormField } from "../../filed/queries";
import type { Language } from "../../i18n/languages";
import type { Words } from "../../i18n/words";
import type { Column } from "../../lists/columns";
import type { Submission } from "./queries";

/** So many answers are shown unless others are chosen. */
const USUAL_ANSWERS = 6;
/** More columns than this are nothing that anybody chooses from. */
const MOST_ANSWERS = 400;

/** What devices note by themselves: it is there to be chosen, but not what people ask for first. */
const NOTED = new Set([
  "start",
  "end",
  "today",
  "deviceid",
  "username",
  "phonenumber",
  "simserial",
]);

/** A few answers that tell one submission from another, where there is no room for a table. */
export function tellingAnswers({ values }: Submission): string[] {
  return pathsOf(values)
    .filter((path) => !NOTED.has(path))
    .map((path) => told(answerAt(values, path)))
    .flatMap((answer) => (answer.kind === "text" || answer.kind === "number" ? answer.text : []))
    .slice(0, TELLING_ANSWERS);
}

const TELLING_ANSWERS = 3;
const NUMBERS: readonly FormField["type"][] = ["integer", "decimal"];
/** The list of columns in the address has commas between them. */
const isNameable = (path: string) => !path.includes(",");

const nothing = <span className={filed.quiet}>—</span>;

/** A place that answers stand in; without a definition, only its path is known. */
export type Place = Pick<FormField, "path"> & Partial<FormField>;

/** The places of a form that a table has columns for: those within repeats stand in their repeat. */
export function placesOf(fields: readonly FormField[] | null | undefined): Place[] {
  return (fields ?? []).filter(
    ({ kind, repeat }) => repeat == null && (kind === "answer" || kind === "repeat"),
  );
}

/** The places that some submissions have, for a form that nobody described. */
export function placesIn(sample: readonly Submission[]): Place[] {
  const paths = new Set(sample.flatMap(({ values }) => pathsOf(values)));
  return [...paths].map((path) => ({ path }));
}

interface Wanted {
  words: Words;
  language: Language;
  /** The places of the form that is chosen; null where none is. */
  places: readonly Place[] | null;
}

export function columnsOf({ words, language, places }: Wanted): Column<Submission>[] {
  const titles = words.submissions.columns;
  const isOfForm = places !== null;
  return [
    {
      key: "received",
      title: titles.received,
      width: "112px",
      sorts: { descending: "newest", ascending: "oldest" },
      cell: (row) => <Time at={row.received_at} />,
    },
    {
      key: "form",
      title: titles.form,
      width: "minmax(120px, 1fr)",
      hidden: isOfForm,
      cell: (row) => row.form,
    },
    {
      key: "number",
      title: titles.number,
      width: "64px",
      end: true,
      hidden: !isOfForm,
      cell: (row) => <span className="numbers">{row.number}</span>,
    },
    ...answerColumns(places ?? [], language),
    {
      key: "user",
      title: titles.user,
      width: "minmax(96px, 1fr)",
      cell: (row) => row.user ?? row.user_id ?? nothing,
    },
    {
      key: "instance",
      title: titles.instance,
      width: "minmax(160px, 1.5fr)",
      hidden: isOfForm,
      cell: (row) => (row.instance_id === null ? nothing : <Identifier id={row.instance_id} />),
    },
    {
      key: "source",
      title: titles.source,
      width: "minmax(88px, 1fr)",
      hidden: isOfForm,
      cell: (row) => row.source,
    },
    {
      key: "changed",
      title: titles.changed,
      width: "112px",
      hidden: true,
      sorts: { descending: "last-changed", ascending: "first-changed" },
      cell: (row) => <Time at={row.updated_at} />,
    },
    {
      key: "version",
      title: titles.version,
      width: "72px",
      end: true,
      cell: (row) => row.version,
    },
    {
      key: "formVersion",
      title: titles.formVersion,
      width: "minmax(88px, 1fr)",
      hidden: true,
      cell: (row) => row.form_version ?? nothing,
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      hidden: true,
      cell: (row) => <Identifier id={row.id} />,
    },
  ];
}

/** A column is as wide as what stands in it mostly is. */
function widthOf({ type }: Place): string {
  if (type !== undefined && NUMBERS.includes(type)) {
    return "minmax(72px, 0.6fr)";
  }
  return type === "geopoint" ? "minmax(168px, 1fr)" : "minmax(120px, 1fr)";
}

function answerColumns(places: readonly Place[], language: Language): Column<Submission>[] {
  let shown = 0;
  return places
    .filter(({ path }) => isNameable(path))
    .slice(0, MOST_ANSWERS)
    .map((place) => {
      const isUsual = !NOTED.has(place.path) && shown < USUAL_ANSWERS;
      shown += isUsual ? 1 : 0;
      const choices = choicesOf(
        place.type === undefined ? undefined : (place as FormField),
        language,
      );
      const isNumber = place.type !== undefined && NUMBERS.includes(place.type);
      return {
        key: `values.${place.path}`,
        title: labelFor(place.labels ?? {}, language) ?? place.path,
        width: widthOf(place),
        end: isNumber,
        hidden: !isUsual,
        cell: (row: Submission) =>
          row.values === null ? (
            nothing
          ) : (
            <AnswerText answer={told(answerAt(row.values, place.path))} choices={choices} />
          ),
      };
    });
}
