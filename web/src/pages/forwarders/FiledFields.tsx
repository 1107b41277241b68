// What is asked of forms and cases: which, of whom, of which application.
import { useQuery } from "@tanstack/react-query";
import own from "../../definitions/definitions.module.css";
import { ListAt } from "../../definitions/ListAt";
import { useWords } from "../../i18n/words";
import { caseTypesQuery, formsQuery } from "./queries";

interface FiledFieldsProps {
  project: string;
  has: (key: string) => boolean;
}

export function FiledFields({ project, has }: FiledFieldsProps) {
  const words = useWords().forwarding.form;
  const forms = useQuery(formsQuery(project)).data ?? [];
  const types = useQuery({ ...caseTypesQuery(project), enabled: has("case_types") }).data;
  const applications = [...new Set(forms.flatMap(({ application }) => application ?? []))];
  return (
    <>
      {has("case_types") && (
        <ListAt
          path="case_types"
          label={words.caseTypes}
          about={words.caseTypesAbout}
          placeholder={words.add}
          known={[...(types?.keys() ?? [])].sort()}
        />
      )}
      <ListAt
        path="forms"
        label={words.forms}
        about={words.formsAbout}
        placeholder={words.add}
        known={forms.map(({ name }) => name)}
      />
      <div className={own.two}>
        {has("users") && (
          <>
            <ListAt path="users" label={words.users} about={words.usersAbout} />
            <ListAt
              path="without_users"
              label={words.withoutUsers}
              about={words.withoutUsersAbout}
            />
          </>
        )}
        <ListAt
          path="applications"
          label={words.applications}
          about={words.applicationsAbout}
          known={applications}
        />
      </div>
    </>
  );
}
