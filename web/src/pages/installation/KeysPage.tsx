// The keys that seal secrets, by their names, and changing the key with a look at how far it is.
import { Button, Loader } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { DefinitionTable } from "../../definitions/DefinitionTable";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import styles from "./installation.module.css";
import { keysQuery, rotateKeys, type SealingKeys } from "./queries";

export function KeysPage() {
  const { installation, common } = useWords();
  const words = installation.keys;
  const { data, error, refetch } = useQuery(keysQuery);
  return (
    <>
      <PageHead
        title={words.title}
        about={words.about}
        actions={data !== undefined && <Rotate keys={data} />}
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={common.loading} />}
      {data !== undefined && (
        <>
          <p className={styles.quiet}>
            {data.kept_by === "hub" ? words.keptByHub : words.keptByOperator}
          </p>
          <Rotation keys={data} />
          {data.unsealed > 0 && <p>{words.unsealed(data.unsealed)}</p>}
          <Keys keys={data} />
        </>
      )}
    </>
  );
}

function Rotate({ keys }: { keys: SealingKeys }) {
  const words = useWords().installation.keys;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const rotating = useMutation({
    mutationFn: rotateKeys,
    onSuccess: (now) => client.setQueryData(keysQuery.queryKey, now),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    const text = keys.kept_by === "hub" ? words.rotateHub : words.rotateOperator;
    if (await confirm({ title: words.rotateAsk, text, action: words.rotate })) {
      rotating.mutate();
    }
  };
  return (
    <Button
      loading={rotating.isPending}
      disabled={keys.rotation.running}
      onClick={() => void ask()}
    >
      {words.rotate}
    </Button>
  );
}

/** How far a change of the key has come, or how the last one ended. */
function Rotation({ keys }: { keys: SealingKeys }) {
  const words = useWords().installation.keys;
  const { running, resealed, failed, error } = keys.rotation;
  if (!running && resealed === 0 && failed === 0 && error === null) {
    return null;
  }
  return (
    <div className={styles.note} role="status">
      <p className={styles.line}>
        {running ? words.running(resealed) : words.ended(resealed)}{" "}
        {running && <Loader size="xs" />}
      </p>
      {failed > 0 && <p className={styles.line}>{words.failed(failed)}</p>}
      {error !== null && (
        <p className={styles.line}>
          {words.stopped} <code>{error}</code>
        </p>
      )}
    </div>
  );
}

function Keys({ keys }: { keys: SealingKeys }) {
  const words = useWords().installation.keys;
  const format = useFormat();
  return (
    <DefinitionTable
      label={words.title}
      rows={keys.keys}
      first={words.key}
      nameOf={({ id }) => id}
      link={({ id }) => <code>{id}</code>}
      columns={[
        {
          key: "state",
          title: words.state,
          plain: true,
          cell: ({ id, present }) =>
            id === keys.active ? (
              <StateMark tone="well">{words.active}</StateMark>
            ) : present ? (
              <StateMark tone="ended">{words.present}</StateMark>
            ) : (
              <StateMark tone="bad">{words.missing}</StateMark>
            ),
        },
        {
          key: "records",
          title: words.records,
          end: true,
          cell: ({ records }) => format.number(records),
        },
      ]}
    />
  );
}
