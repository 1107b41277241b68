// ⌘K finds everything: pages by their name, and whatever the hub knows by id, name or text.
import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { projectsQuery } from "../api/projects";
import { isSearched, searchQuery } from "../api/search";
import { sessionQuery } from "../api/session";
import { useKeys } from "../design/keys";
import { useWords } from "../i18n/words";
import styles from "./CommandPalette.module.css";
import { INSTALLATION_PAGES, pagesFor } from "./navigation";

const OPEN = "fieldpost-open-search";
const PAUSE_MILLISECONDS = 150;

/** One line of the palette. */
interface Choice {
  key: string;
  group: string;
  title: string;
  beside: string;
  go: () => void;
}

export function SearchButton() {
  const words = useWords().shell;
  return (
    <button
      type="button"
      className={styles.button}
      aria-label={words.search}
      onClick={() => window.dispatchEvent(new Event(OPEN))}
    >
      <Search size={16} aria-hidden="true" />
      <span className={styles.word}>{words.search}</span>
      <kbd className={styles.key}>{isApple() ? "⌘K" : "Ctrl K"}</kbd>
    </button>
  );
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}

export function CommandPalette({ project }: { project: string | null }) {
  const words = useWords().shell;
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const show = () => setOpen(true);
    const listen = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        setOpen((before) => !before);
      }
    };
    window.addEventListener(OPEN, show);
    window.addEventListener("keydown", listen);
    return () => {
      window.removeEventListener(OPEN, show);
      window.removeEventListener("keydown", listen);
    };
  }, []);
  useKeys({
    "/": (event) => {
      event.preventDefault();
      setOpen(true);
    },
  });
  return (
    <Modal.Root opened={open} onClose={() => setOpen(false)} lockScroll={false} size="lg">
      <Modal.Overlay />
      <Modal.Content aria-label={words.search}>
        {open && <Palette project={project} close={() => setOpen(false)} />}
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ project, close }: { project: string | null; close: () => void }) {
  const words = useWords().shell;
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { choices, isSearching } = useChoices(text.trim(), project);
  const current = Math.min(at, choices.length - 1);
  const input = useRef<HTMLInputElement>(null);
  const option = useRef<HTMLDivElement>(null);
  // Who presses the keys types on at once: the field does not wait until the dialog has arrived.
  useEffect(() => input.current?.focus(), []);
  const take = (choice: Choice | undefined) => {
    if (choice !== undefined) {
      // The focus is free for the page that is gone to.
      input.current?.blur();
      close();
      choice.go();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(choices.length - 1, current + step));
      // Drawn at once, so that the choice can be brought into sight. What the mouse points at is
      // in sight already, and must not move under it.
      flushSync(() => setAt(next));
      option.current?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(choices[current]);
    }
  };
  return (
    <div className={styles.palette}>
      <input
        ref={input}
        className={styles.input}
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={choices[current] === undefined ? undefined : `${id}-${current}`}
        aria-label={words.search}
        placeholder={words.searchHint}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} role="listbox" aria-label={words.palette.found} className={styles.choices}>
        {choices.map((choice, index) => (
          <div key={choice.key}>
            {choices[index - 1]?.group !== choice.group && (
              <div className={styles.group} aria-hidden="true">
                {choice.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above hears the keys */}
            {/* biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus */}
            <div
              ref={index === current ? option : undefined}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
              className={styles.choice}
              onClick={() => take(choice)}
              onMouseMove={() => setAt(index)}
            >
              <span className={styles.title}>{choice.title}</span>
              <span className={styles.beside}>{choice.beside}</span>
            </div>
          </div>
        ))}
      </div>
      <p
        role="status"
        className={choices.length === 0 || isSearching ? styles.nothing : styles.unseen}
      >
        {isSearching
          ? words.palette.searching
          : choices.length === 0
            ? words.palette.nothing
            : words.palette.count(choices.length)}
      </p>
    </div>
  );
}

interface Choices {
  choices: Choice[];
  /** Whether the hub has not answered yet what it has for this text. */
  isSearching: boolean;
}

/** What fits the text: pages, other projects, and what the hub found for this very text, never for
 *  one before it. That comes last, so that it moves nothing that somebody is about to press. */
function useChoices(text: string, project: string | null): Choices {
  const words = useWords().shell;
  const navigate = useNavigate();
  const router = useRouter();
  const [slow] = useDebouncedValue(text, PAUSE_MILLISECONDS);
  const { data, isFetching } = useQuery(searchQuery(slow, project));
  const isSearching = isSearched(text) && (slow !== text || (isFetching && data === undefined));
  const found = slow === text ? data : undefined;
  const projects = useQuery(projectsQuery).data;
  const session = useQuery(sessionQuery).data;
  const choices = useMemo(() => {
    const fits = (title: string) => title.toLowerCase().includes(text.toLowerCase());
    const ofProject = project === null ? [] : pagesFor(session, project);
    const ofInstallation = session?.installation_admin === true ? INSTALLATION_PAGES : [];
    const pages = [...ofProject, ...ofInstallation].map((page) => ({
      key: `page ${page.word}`,
      group: words.palette.pages,
      title: words.pages[page.word],
      beside: "",
      go: () => void navigate({ to: page.to, params: { project: project ?? "" } }),
    }));
    const others = (projects ?? []).map((each) => ({
      key: `project ${each.name}`,
      group: words.projects,
      title: each.title || each.name,
      beside: each.name,
      go: () => void navigate({ to: "/projects/$project", params: { project: each.name } }),
    }));
    const hits = (found ?? []).map((hit) => ({
      key: `${hit.kind} ${hit.project} ${hit.id}`,
      group: words.palette.found,
      title: hit.title,
      beside: `${words.palette.kinds[hit.kind]} · ${hit.project}`,
      go: () => router.history.push(hit.url_path),
    }));
    return [
      ...[...pages, ...others].filter((choice) => fits(choice.title) || fits(choice.beside)),
      ...hits,
    ];
  }, [text, project, projects, session, found, words, navigate, router]);
  return { choices, isSearching };
}
