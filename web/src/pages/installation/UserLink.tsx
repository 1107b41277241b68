// The link by which a user chooses a password: shown once, after an invitation or a reset.
import { Button, Group } from "@mantine/core";
import { wholeLink } from "../../api/links";
import { Dialog } from "../../design/Dialog";
import { ShownOnce } from "../../design/ShownOnce";
import { useWords } from "../../i18n/words";
import type { InvitedUser } from "./queries";

interface UserLinkProps {
  invited: InvitedUser | null;
  close: () => void;
}

export function UserLink({ invited, close }: UserLinkProps) {
  const { installation } = useWords();
  const words = installation.users;
  return (
    // What is shown once must not go by a click beside it.
    <Dialog opened={invited !== null} close={close} title={words.link} holds>
      {invited !== null && (
        <>
          <p>{words.linkFor(invited.user.email)}</p>
          {invited.mailed && <p>{words.mailed(invited.user.email)}</p>}
          <ShownOnce label={words.link} text={wholeLink(invited.invitation_url)} />
          <Group justify="flex-end" mt="lg">
            <Button onClick={close}>{words.done}</Button>
          </Group>
        </>
      )}
    </Dialog>
  );
}
