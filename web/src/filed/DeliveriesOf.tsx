// What was sent on because of a submission or a case: the newest deliveries, and the way to all.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { tellsOf } from "../api/events";
import { useLiveLook } from "../api/useLiveLook";
import { EmptyState } from "../design/EmptyState";
import { PlaceLink } from "../design/PlaceLink";
import { StateMark } from "../design/StateMark";
import { Time } from "../design/Time";
import table from "../design/table.module.css";
import { useWords } from "../i18n/words";
import { Loaded } from "../lists/Loaded";
import { DELIVERY_TONES } from "../pages/deliveries/tones";
import { deliveriesOfQuery } from "./queries";

interface DeliveriesOfProps {
  project: string;
  of: { payload_id: string } | { key: string };
}

export function DeliveriesOf({ project, of }: DeliveriesOfProps) {
  const words = useWords();
  const asked = deliveriesOfQuery(project, of);
  const query = useQuery(asked);
  useLiveLook([{ queryKey: asked.queryKey }], {
    concerns: tellsOf("delivery"),
  });
  const titles = words.deliveries.columns;
  return (
    <Loaded query={query}>
      {({ items, next }) =>
        items.length === 0 ? (
          <EmptyState>{words.filed.noDeliveries}</EmptyState>
        ) : (
          <>
            <div className={table.wide}>
              <table className={table.table}>
                <thead>
                  <tr>
                    <th>{titles.made}</th>
                    <th>{titles.state}</th>
                    <th>{titles.forwarder}</th>
                    <th>{titles.connection}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((delivery) => (
                    <tr key={delivery.id}>
                      <td>
                        <Link
                          to="/projects/$project/deliveries/$delivery"
                          params={{ project, delivery: delivery.id }}
                        >
                          <Time at={delivery.made_at} />
                        </Link>
                      </td>
                      <td>
                        <StateMark tone={DELIVERY_TONES[delivery.state]}>
                          {words.common.states[delivery.state]}
                        </StateMark>
                      </td>
                      <td>{delivery.forwarder}</td>
                      <td>{delivery.connection}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {next !== null && (
              <p>
                <PlaceLink project={project} place="deliveries" filters={of}>
                  {words.filed.moreDeliveries}
                </PlaceLink>
              </p>
            )}
          </>
        )
      }
    </Loaded>
  );
}
