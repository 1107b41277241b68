// The columns of the list of deliveries, and its rows on a phone.
import type { Delivery } from "../../api/types";
import { Identifier, shortened } from "../../design/Identifier";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { known } from "../../i18n/known";
import { useWords, type Words } from "../../i18n/words";
import type { Column } from "../../lists/columns";
import { RowCard } from "../../lists/RowCard";
import { RouteLine } from "../../route/RouteLine";
import { wayOfDelivery } from "../../route/stations";
import styles from "./deliveries.module.css";
import { shortError } from "./story";
import { DELIVERY_TONES } from "./tones";

const nothing = <span className={styles.quiet}>—</span>;

export function columnsOf(words: Words): Column<Delivery>[] {
  const titles = words.deliveries.columns;
  return [
    {
      key: "made",
      title: titles.made,
      width: "88px",
      sorts: { descending: "newest", ascending: "oldest" },
      cell: ({ made_at }) => <Time at={made_at} />,
    },
    {
      key: "state",
      title: titles.state,
      width: "104px",
      cell: ({ state }) => (
        <StateMark tone={DELIVERY_TONES[state]}>{words.common.states[state]}</StateMark>
      ),
    },
    {
      key: "connection",
      title: titles.connection,
      width: "minmax(80px, 1fr)",
      cell: ({ connection }) => connection,
    },
    {
      key: "forwarder",
      title: titles.forwarder,
      width: "minmax(72px, 1fr)",
      cell: ({ forwarder }) => forwarder,
    },
    {
      key: "event",
      title: titles.event,
      width: "minmax(72px, 1fr)",
      hidden: true,
      cell: ({ event }) => known(words.deliveries.facts.events, event) ?? event,
    },
    {
      key: "key",
      title: titles.key,
      width: "minmax(64px, 1fr)",
      cell: ({ key }) => key ?? nothing,
    },
    {
      key: "way",
      title: titles.way,
      width: "72px",
      cell: (delivery) => <RouteLine way={wayOfDelivery(delivery)} />,
    },
    {
      key: "status",
      title: titles.status,
      width: "48px",
      end: true,
      cell: ({ last_status }) => last_status ?? nothing,
    },
    {
      key: "error",
      title: titles.error,
      width: "minmax(120px, 2.5fr)",
      cell: ({ last_error }) =>
        last_error === null ? (
          nothing
        ) : (
          <span title={last_error}>{shortError(last_error, true)}</span>
        ),
    },
    {
      key: "tries",
      title: titles.tries,
      width: "40px",
      end: true,
      cell: ({ attempts }) => attempts,
    },
    {
      key: "next",
      title: titles.next,
      width: "96px",
      sorts: { ascending: "next_attempt", descending: "latest_attempt" },
      cell: (delivery) => <NextTry delivery={delivery} />,
    },
    {
      key: "origin",
      title: titles.origin,
      width: "96px",
      hidden: true,
      cell: ({ origin }) => words.deliveries.origins[origin],
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      hidden: true,
      cell: ({ id }) => <Identifier id={id} />,
    },
  ];
}

function NextTry({ delivery }: { delivery: Delivery }) {
  const words = useWords().route;
  const { waits_because, waits_until, next_attempt_at } = delivery;
  const at = waits_until ?? next_attempt_at;
  if (waits_because !== null) {
    return <span title={words.because[waits_because]}>{words.because[waits_because]}</span>;
  }
  return at === null ? nothing : <Time at={at} />;
}

export function DeliveryCard({ delivery }: { delivery: Delivery }) {
  const words = useWords();
  const { connection, made_at, state, key, last_error, id } = delivery;
  return (
    <RowCard
      title={connection}
      beside={<Time at={made_at} />}
      text={last_error === null ? (key ?? shortened(id)) : shortError(last_error)}
      mark={<StateMark tone={DELIVERY_TONES[state]}>{words.common.states[state]}</StateMark>}
    />
  );
}
