// Tokens as a list: made, last used, revoked. Of a project, or of the whole installation.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useConfirm } from "../../design/Confirm";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { StateMark } from "../../design/StateMark";
import { Time, useNow } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { MakeToken } from "./MakeToken";
import { type ApiToken, revokeToken, tokensQuery } from "./queries";
import styles from "./tokens.module.css";

export function TokensView({ project }: { project: string | null }) {
  const words = useWords();
  const { data, error, refetch } = useQuery(tokensQuery(project));
  const [making, setMaking] = useState(false);
  const make = <Button onClick={() => setMaking(true)}>{words.tokens.make}</Button>;
  return (
    <>
      <PageHead
        title={words.tokens.title}
        about={project === null ? words.tokens.aboutAll : words.tokens.about}
        actions={data !== undefined && data.length > 0 && make}
      />
      <MakeToken project={project} open={making} close={() => setMaking(false)} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data?.length === 0 && (
        <EmptyState action={make}>
          {project === null ? words.tokens.emptyAll : words.tokens.empty}
        </EmptyState>
      )}
      {data !== undefined && data.length > 0 && <Table project={project} tokens={data} />}
    </>
  );
}

function Table({ project, tokens }: { project: string | null; tokens: ApiToken[] }) {
  const { tokens: words, members } = useWords();
  const columns: TableColumn<ApiToken>[] = [
    { key: "level", title: words.level, cell: (token) => members.names[token.access] },
    {
      key: "made",
      title: words.made,
      cell: (token) => (
        <>
          <Time at={token.created_at} />{" "}
          <span className={styles.quiet}>
            {words.madeBy(token.maker?.email ?? token.created_by)}
          </span>
        </>
      ),
    },
    {
      key: "used",
      title: words.lastUse,
      cell: (token) =>
        token.last_used_at === null ? words.never : <Time at={token.last_used_at} />,
    },
    { key: "ends", title: words.ends, cell: (token) => <End token={token} /> },
    {
      key: "revoke",
      title: "",
      plain: true,
      end: true,
      cell: (token) => <Revoke project={project} token={token} />,
    },
  ];
  return (
    <DefinitionTable
      label={words.title}
      rows={tokens}
      first={words.name}
      nameOf={(token) => token.id}
      link={(token) => token.name}
      columns={columns}
    />
  );
}

/** When it ends, or why it opens nothing any more. */
function End({ token: { expires_at: at, works } }: { token: ApiToken }) {
  const words = useWords().tokens;
  const now = useNow();
  if (at !== null && new Date(at) <= now) {
    return <StateMark tone="ended">{words.ended}</StateMark>;
  }
  if (!works) {
    return (
      <>
        <StateMark tone="bad">{words.opensNothing}</StateMark>
        <div className={styles.quiet}>{words.opensNothingAbout}</div>
      </>
    );
  }
  return at === null ? words.endsNever : <Time at={at} />;
}

function Revoke({ project, token }: { project: string | null; token: ApiToken }) {
  const words = useWords().tokens;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const revoking = useMutation({
    mutationFn: () => revokeToken(project, token.id),
    onSuccess: () => toast({ text: words.revoked(token.name) }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () => client.invalidateQueries(tokensQuery(project)),
  });
  const ask = async () => {
    const question = { title: words.revokeAsk(token.name), text: words.revokeAbout };
    if (await confirm({ ...question, action: words.revoke, loses: true })) {
      revoking.mutate();
    }
  };
  return (
    <Button
      variant="subtle"
      color="red"
      size="compact-sm"
      aria-label={words.revokeNamed(token.name)}
      loading={revoking.isPending}
      onClick={() => void ask()}
    >
      {words.revoke}
    </Button>
  );
}
