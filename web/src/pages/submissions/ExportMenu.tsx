// Takes what the table shows elsewhere: as a file, written while it is downloaded.
import { DownloadMenu } from "../../design/DownloadMenu";
import { useWords } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import { type ExportFormat, exportPath, leftOut, type SubmissionFilters } from "./queries";

const FORMATS: readonly ExportFormat[] = ["xlsx", "csv", "geojson"];

interface ExportMenuProps {
  project: string;
  filters: SubmissionFilters;
  /** The filters in force, in words. */
  filterWords: FilterWord[];
}

export function ExportMenu({ project, filters, filterWords }: ExportMenuProps) {
  const words = useWords();
  const told = words.submissions.export;
  const { form } = filters;
  if (form === undefined) {
    return <DownloadMenu label={words.filed.export} files={[]} note={told.chooseForm} />;
  }
  const without = leftOut(filterWords);
  return (
    <DownloadMenu
      label={words.filed.export}
      files={FORMATS.map((format) => ({
        label: words.filed.formats[format],
        href: exportPath(project, form, filters, format),
        name: `${form}.${format}`,
      }))}
      note={without.length > 0 ? told.leftOut(without.join(" · ")) : undefined}
    />
  );
}
