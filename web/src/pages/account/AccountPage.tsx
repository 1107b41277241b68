// One's own account: name and language, password, second factor, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../api/session";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { PasswordForm } from "./PasswordForm";
import { ProfileForm } from "./ProfileForm";
import { accountQuery } from "./queries";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

export function AccountPage() {
  const words = useWords();
  const session = useQuery(sessionQuery).data;
  return (
    <>
      <PageHead title={words.account.title} />
      {session?.user === null ? <EmptyState>{words.account.none}</EmptyState> : <OfUser />}
    </>
  );
}

function OfUser() {
  const words = useWords();
  const { data, error, refetch } = useQuery(accountQuery);
  if (error !== null) {
    return <ErrorNote error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <ListSkeleton label={words.common.loading} />;
  }
  return (
    <>
      <ProfileForm account={data} />
      <PasswordForm email={data.email} />
      <SecondFactor account={data} />
      <Sessions />
    </>
  );
}
