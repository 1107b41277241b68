// The addresses of a source, in full, to be copied into the system that sends.
import { useQuery } from "@tanstack/react-query";
import { wholeLink } from "../../api/links";
import { useMay } from "../../api/useMay";
import { type SourceUrls, urlsQuery } from "../../definitions/queries";
import { Copying } from "../../design/Identifier";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./sources.module.css";

export function CopyAddress({ address, label }: { address: string; label: string }) {
  const whole = wholeLink(address);
  return (
    <span className={styles.address}>
      <code>{whole}</code>
      <Copying text={whole} label={label} />
    </span>
  );
}

export function Addresses({ project, source }: { project: string; source: string }) {
  const words = useWords();
  const may = useMay(project, "editor");
  const query = useQuery({ ...urlsQuery(project, source), enabled: may });
  if (!may) {
    return <p className={styles.quiet}>{words.sources.addresses.hidden}</p>;
  }
  return <Loaded query={query}>{(urls) => <Shown urls={urls} />}</Loaded>;
}

function Shown({ urls }: { urls: SourceUrls }) {
  const all = useWords();
  const words = all.sources.addresses;
  const rows: [string, string, string | null][] = [
    [words.inbox, words.inboxAbout, urls.inbox],
    [words.webhook, words.webhookAbout, urls.webhook],
    [words.custom, words.webhookAbout, urls.custom],
  ];
  return (
    <dl className={styles.addresses}>
      {rows.map(
        ([name, about, address]) =>
          address !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <CopyAddress
                  address={address}
                  label={all.definitions.deedNamed(all.definitions.copyAddress, name)}
                />
                <p className={styles.quiet}>{about}</p>
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
