// One's own account: name and language, password, second factor, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../api/session";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
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
  return (
    <Loaded query={useQuery(accountQuery)}>
      {(account) => (
        <>
          <ProfileForm account={account} />
          <PasswordForm email={account.email} />
          <SecondFactor account={account} />
          <Sessions />
        </>
      )}
    </Loaded>
  );
}
