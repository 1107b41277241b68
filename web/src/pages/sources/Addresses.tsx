// The addresses of a source, in full, to be copied into the system that sends.
import { useQuery } from "@tanstack/react-query";
import { wholeLink } from "../../api/links";
import { useMay } from "../../api/useMay";
import { type Definition, textAt } from "../../definitions/definition";
import { namesIn } from "../../definitions/names";
import { type SourceUrls, urlsQuery } from "../../definitions/queries";
import { Copying } from "../../design/Identifier";
import { useWords, type Words } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { ANONYMOUS, receiverOf } from "./receivers";
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

interface AddressesProps {
  project: string;
  source: string;
  definition: Definition;
}

export function Addresses({ project, source, definition }: AddressesProps) {
  const words = useWords();
  const { access } = definition;
  const receiver = receiverOf(project, textAt(definition, "dialect"), access);
  const may = useMay(project, "editor");
  const query = useQuery({ ...urlsQuery(project, source), enabled: may });
  if (!may) {
    return <p className={styles.quiet}>{words.sources.addresses.hidden}</p>;
  }
  return (
    <Loaded query={query}>
      {(urls) => <Shown urls={urls} receiver={receiver} keys={namesIn(access)} />}
    </Loaded>
  );
}

interface ShownProps {
  urls: SourceUrls;
  receiver: string | null;
  /** The keys by which somebody may post to it, or that anybody may. */
  keys: string[];
}

function Shown({ urls, receiver, keys }: ShownProps) {
  const all = useWords();
  const words = all.sources.addresses;
  const rows: [string, string, string | null][] = [
    [words.receiver, receiverTold(receiver, keys, words), receiver],
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

/** What phones are told, beside the address. */
function receiverTold(
  receiver: string | null,
  keys: string[],
  words: Words["sources"]["addresses"],
): string {
  const device = receiver?.startsWith("/a/") ? words.commcare : words.collect;
  return `${device} ${keys.includes(ANONYMOUS) ? words.anybody : words.withKeys(keys.join(", "))}`;
}
