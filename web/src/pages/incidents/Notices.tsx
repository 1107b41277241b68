// Who was told what of an incident, and whether it reached them.
import type { IncidentWithNotices } from "../../api/types";
import { Section } from "../../design/Section";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useWords } from "../../i18n/words";
import styles from "./incidents.module.css";

type Notice = IncidentWithNotices["notices"][number];

const TONES: Record<Notice["state"], Tone> = {
  pending: "waiting",
  sent: "well",
  "given-up": "bad",
  "not-sent": "ended",
};

export function Notices({ notices }: { notices: Notice[] }) {
  const words = useWords().incidents;
  return (
    <Section title={words.notices}>
      {notices.length === 0 ? (
        <p className={styles.quiet}>{words.noNotices}</p>
      ) : (
        notices.map((notice) => <NoticeLine key={notice.id} notice={notice} />)
      )}
    </Section>
  );
}

function NoticeLine({ notice }: { notice: Notice }) {
  const words = useWords().incidents;
  const { recipient, kind, channel, state, created_at, sent_at, last_error, text } = notice;
  return (
    <details className={styles.notice}>
      <summary className={styles.noticeHead}>
        <span>{recipient}</span>
        <span>{words.noticeKinds[kind]}</span>
        <span className={styles.quiet}>{words.channels[channel]}</span>
        <StateMark tone={TONES[state]}>{words.noticeStates[state]}</StateMark>
        <span className={styles.quiet}>
          <Time at={sent_at ?? created_at} shown="clock" />
        </span>
        {last_error !== null && state !== "sent" && (
          <span className={state === "given-up" ? styles.noticeError : styles.quiet}>
            {last_error}
          </span>
        )}
        <span className={styles.noticeShow}>{words.showText}</span>
      </summary>
      <pre className={styles.noticeText}>{text}</pre>
    </details>
  );
}
