// The link by which a user chooses a password: shown once, after an invitation or a reset.
import { Button, Group, Modal } from "@mantine/core";
import { wholeLink } from "../../api/links";
import { ShownOnce } from "../../design/ShownOnce";
import { useWords } from "../../i18n/words";
import type { InvitedUser } from "./queries";

interface UserLinkProps {
  invited: InvitedUser | null;
  close: () => void;
}

export function UserLink({ invited, close }: UserLinkProps) {
  const { installation, common } = useWords();
  const words = installation.users;
  return (
    <Modal
      opened={invited !== null}
      onClose={close}
      title={words.link}
      // What is shown once must not go by a click beside it.
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": common.close }}
    >
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
    </Modal>
  );
}
