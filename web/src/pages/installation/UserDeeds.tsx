// What can be done about a user. Each is asked for first, with what it means.
import { ActionIcon, Menu } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { sessionQuery } from "../../api/session";
import { type Question, useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import {
  changeUser,
  deleteUser,
  type InvitedUser,
  resetUser,
  type User,
  usersQuery,
} from "./queries";

interface UserDeedsProps {
  user: User;
  show: (invited: InvitedUser) => void;
}

export function UserDeeds({ user, show }: UserDeedsProps) {
  const words = useWords().installation.users;
  const own = useQuery(sessionQuery).data?.user?.id === user.id;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const doing = useMutation({
    mutationFn: (deed: () => Promise<void>) => deed(),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () => client.invalidateQueries(usersQuery),
  });
  const ask = async (question: Question, deed: () => Promise<void>) => {
    if (await confirm(question)) {
      doing.mutate(deed);
    }
  };
  const { id, name } = user;
  const change = (changed: { disabled?: boolean; installation_admin?: boolean }) => async () => {
    await changeUser(id, changed);
    toast({ text: words.changed(name) });
  };
  const reset = (factor: boolean) => async () => show(await resetUser(id, factor));
  const remove = async () => {
    await deleteUser(id);
    toast({ text: words.removed(name) });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={words.deeds(name)}
          loading={doing.isPending}
        >
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() =>
            void ask(
              { title: words.resetAsk(name), text: words.resetAbout, action: words.reset },
              reset(false),
            )
          }
        >
          {words.reset}
        </Menu.Item>
        {user.second_factor && (
          <Menu.Item
            onClick={() =>
              void ask(
                {
                  title: words.resetAsk(name),
                  text: words.resetFactorAbout,
                  action: words.resetFactor,
                  loses: true,
                },
                reset(true),
              )
            }
          >
            {words.resetFactor}
          </Menu.Item>
        )}
        {!own && (
          <>
            <Menu.Item
              onClick={() =>
                void ask(
                  user.installation_admin
                    ? {
                        title: words.dropAdminAsk(name),
                        text: words.dropAdminAbout,
                        action: words.dropAdmin,
                        loses: true,
                      }
                    : {
                        title: words.makeAdminAsk(name),
                        text: words.adminAbout,
                        action: words.makeAdmin,
                      },
                  change({ installation_admin: !user.installation_admin }),
                )
              }
            >
              {user.installation_admin ? words.dropAdmin : words.makeAdmin}
            </Menu.Item>
            {user.disabled ? (
              <Menu.Item onClick={() => doing.mutate(change({ disabled: false }))}>
                {words.enable}
              </Menu.Item>
            ) : (
              <Menu.Item
                onClick={() =>
                  void ask(
                    {
                      title: words.disableAsk(name),
                      text: words.disableAbout,
                      action: words.disable,
                      loses: true,
                    },
                    change({ disabled: true }),
                  )
                }
              >
                {words.disable}
              </Menu.Item>
            )}
            <Menu.Item
              color="red"
              onClick={() =>
                void ask(
                  {
                    title: words.removeAsk(name),
                    text: words.removeAbout,
                    action: words.remove,
                    loses: true,
                  },
                  remove,
                )
              }
            >
              {words.remove}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
