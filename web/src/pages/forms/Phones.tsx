// How phones get at the forms of a project: which address, which name, which password.
import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { wholeLink } from "../../api/links";
import { useMay } from "../../api/useMay";
import { CopyingButton } from "../../design/CopyingButton";
import { QrCode } from "../../design/QrCode";
import { Facts } from "../../design/Section";
import filed from "../../filed/filed.module.css";
import { useWords } from "../../i18n/words";
import { CopyAddress } from "../sources/Addresses";
import { type CollectSettings, qrText } from "./collectSettings";
import styles from "./forms.module.css";
import { type Receiver, receiversQuery } from "./receivers";

const CLIENTS = ["collect", "kobo", "commcare"] as const;
type Client = (typeof CLIENTS)[number];

const DIALECTS: Record<Client, Receiver["dialect"]> = {
  collect: "openrosa",
  kobo: "openrosa",
  commcare: "commcare",
};

interface PhonesProps {
  project: string;
  /** Whether phones can fetch the form. */
  isDefined: boolean;
}

export function Phones({ project, isDefined }: PhonesProps) {
  const words = useWords().forms.phones;
  const [client, setClient] = useState<Client>("collect");
  const receivers = useQuery(receiversQuery(project)).data;
  const receiver = receivers?.find(({ dialect }) => dialect === DIALECTS[client]);
  return (
    <div className={styles.phones}>
      {!isDefined && <p>{words.undefined}</p>}
      <SegmentedControl
        size="xs"
        aria-label={words.with}
        value={client}
        data={CLIENTS.map((each) => ({ value: each, label: words.clients[each] }))}
        onChange={(value) => setClient(CLIENTS.find((each) => each === value) ?? client)}
      />
      {receivers !== undefined &&
        (receiver === undefined ? (
          <NoReceiver project={project} dialect={DIALECTS[client]} />
        ) : (
          <Settings key={client} project={project} client={client} receiver={receiver} />
        ))}
    </div>
  );
}

interface SettingsProps {
  project: string;
  client: Client;
  receiver: Receiver;
}

function Settings({ project, client, receiver }: SettingsProps) {
  const words = useWords().forms.phones;
  const path = encodeURIComponent(project);
  const address = wholeLink(client === "commcare" ? `/a/${path}/receiver/` : `/p/${path}`);
  const username = receiver.keys[0] ?? null;
  const isOpen = receiver.keys.length === 0;
  return (
    <div className={styles.settings}>
      <div>
        <ol className={styles.steps}>
          {Object.values(words.steps[client]).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Facts
          facts={[
            [words.address, <CopyAddress key="url" address={address} label={words.copy} />],
            [words.username, isOpen ? words.nobody : <code key="user">{username}</code>],
            [words.password, isOpen ? words.nobody : words.secretOf(receiver.keys.join(", "))],
          ]}
        />
        {isOpen && <p className={filed.quiet}>{words.open}</p>}
      </div>
      {client !== "commcare" && <Code settings={{ url: address, username, name: project }} />}
    </div>
  );
}

/** The settings as Collect reads them by its camera. */
function Code({ settings }: { settings: CollectSettings }) {
  const words = useWords().forms.phones;
  const text = useQuery({
    queryKey: ["collect-settings", settings],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => qrText(settings),
  }).data;
  return (
    text !== undefined && (
      <figure className={styles.code}>
        <QrCode text={text} label={words.code} />
        <figcaption className={filed.quiet}>{words.codeAbout}</figcaption>
      </figure>
    )
  );
}

/** What has to stand in the project file for phones to come in. */
function NoReceiver({ project, dialect }: { project: string; dialect: Receiver["dialect"] }) {
  const words = useWords().forms.phones;
  const may = useMay(project, "editor");
  const name = dialect === "openrosa" ? "collect" : "handsets";
  const lines = [
    "api_access:",
    // The file has a name in the place of the secret; the hub puts in what stands in its surroundings.
    '  phones: { secret: "$' + '{PHONES_SECRET}" }',
    "sources:",
    `  ${name}: { dialect: ${dialect}, access: [phones] }`,
  ].join("\n");
  return (
    <>
      <p>{words.none}</p>
      <pre className={styles.lines}>{lines}</pre>
      {may && (
        <div className={styles.deeds}>
          <CopyingButton text={lines} size="sm" />
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project/project-file" params={{ project }} />
            )}
          >
            {words.toFile}
          </Button>
        </div>
      )}
    </>
  );
}
