// Which system shall send here.
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHead } from "../../design/PageHead";
import { useWords } from "../../i18n/words";
import styles from "./firstSteps.module.css";
import { SYSTEMS } from "./systems";

const route = getRouteApi("/inside/projects/$project/first-steps");

export function FirstStepsPage() {
  const words = useWords().firstSteps;
  const { project } = route.useParams();
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      <ul className={styles.systems}>
        {SYSTEMS.map((system) => (
          <li key={system}>
            <Link
              to="/projects/$project/first-steps/$system"
              params={{ project, system }}
              search={{}}
              className={styles.system}
            >
              <span className={styles.name}>{words.systems[system]}</span>
              <span className={styles.quiet}>{words.abouts[system]}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
