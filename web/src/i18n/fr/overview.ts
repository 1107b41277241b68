import { counted } from "../plural";
import type { Words } from "../words";

export const overview: Words["overview"] = {
  title: "Vue d’ensemble",
  well: "Tout va bien.",
  nothingYet: "Tout est prêt. Rien n’est encore arrivé.",
  wellBut: (sentence) => `Tout va bien, sauf un point : ${sentence}`,
  troubles: (count) =>
    counted("fr", count, {
      one: "# point demande votre attention.",
      other: "# points demandent votre attention.",
    }),
  projectPaused: "Le projet est en pause : ce qui arrive est conservé, rien n’est envoyé.",
  hubPaused: "Tout le serveur est en pause : ce qui arrive est conservé, rien n’est envoyé.",
  today: (received, delivered) => `Aujourd’hui, entrées : ${received}, sorties : ${delivered}.`,
  notAnswered: (name, since) => `${name} ne répond plus depuis ${since}.`,
  answersErrors: (name, status, since) =>
    `${name} répond par une erreur (${status}) depuis ${since}.`,
  troubleSince: (name, since) => `${name} n’accepte plus rien depuis ${since}.`,
  takesSome: (name, since) =>
    `${name} n’accepte qu’une partie de ce qui lui est envoyé depuis ${since}.`,
  takesAgain: (name, since, over) =>
    `${name} accepte de nouveau ce qui lui est envoyé depuis ${since} ; son incident se termine à ${over} si rien n’échoue d’ici là.`,
  pausedInTrouble: (name, since) =>
    `${name} est en pause, avec un incident ouvert depuis ${since}.`,
  failing: (name, since) =>
    `Tous les derniers essais vers ${name} ont échoué ; rien n’y est arrivé depuis ${since}.`,
  failingEver: (name) => `Tous les essais vers ${name} ont échoué jusqu’ici.`,
  trouble: (name) => `${name} n’accepte pas ce qui lui est envoyé.`,
  callFails: (name, since) => `L’appel ${name} échoue depuis ${since}.`,
  silentSince: (name, since) =>
    `Rien n’est arrivé de ${name} depuis ${since}, alors que quelque chose est attendu.`,
  silentEver: (name) => `Rien n’est jamais arrivé de ${name}, alors que quelque chose est attendu.`,
  waiting: (count) =>
    counted("fr", count, {
      one: "# livraison attend.",
      many: "# de livraisons attendent.",
      other: "# livraisons attendent.",
    }),
  waitingMore: (count) => `Plus de ${count} livraisons attendent.`,
  nextTry: (time) => `Prochain essai ${time}.`,
  nextTryNow: "Un essai est en cours.",
  tryNow: "Essayer maintenant",
  pause: "Mettre en pause",
  resume: "Reprendre",
  resumeProject: "Reprendre le projet",
  seeWhy: "Voir pourquoi",
  about: (deed, name) => `${deed} : ${name}`,
  exactError: "Erreur exacte",
  moreTroubles: (count) =>
    counted("fr", count, { one: "et # autre, ci-dessous", other: "et # autres, ci-dessous" }),
  pausedNames: (names, count) =>
    count === 1
      ? `${names} est en pause ; ce qui lui est destiné attend.`
      : `${names} sont en pause ; ce qui leur est destiné attend.`,
  pausedMany: (count) =>
    counted("fr", count, {
      one: "# destination est en pause.",
      other: "# destinations sont en pause.",
    }),
  facts: {
    title: "À regarder",
    waiting: "En attente",
    oldest: (time, name) => `la plus ancienne depuis ${time}, pour ${name}`,
    nothingWaits: "rien n’attend",
    quarantined: "En quarantaine aujourd’hui",
    quarantinedAbout: "n’ont pas pu être lus",
    givenUp: "Abandonnées aujourd’hui",
    refused: "refusées",
    triedTooOften: "essayées trop souvent",
    incidents: "Incidents ouverts",
    incidentsAbout: "des problèmes qui durent",
  },
  traffic: {
    title: "Ce qui est entré et sorti",
    span: "Période affichée",
    spans: { today: "Aujourd’hui", "7d": "7 jours", "30d": "30 jours", "1y": "1 an" },
    lines: { received: "entrées", delivered: "sorties", failed: "échecs" },
    steps: { "15m": "un quart d’heure", "1h": "une heure", "1d": "un jour" },
    perStep: (step) => `Chaque point est ${step}.`,
    summary: (received, delivered, failed) =>
      `Entrées : ${received}, sorties : ${delivered}, essais échoués : ${failed}.`,
    asTable: "Sous forme de tableau",
    time: "Heure",
    received: "Entrées",
    delivered: "Sorties",
    failed: "Essais échoués",
  },
  sources: {
    title: "Sources",
    name: "Source",
    last: "Dernier",
    today: "Aujourd’hui",
    state: "État",
    states: { well: "va bien", silent: "muette", quiet: "calme", never: "rien encore" },
    off: "n’accepte rien",
    none: "Pas encore de source : rien ne peut arriver.",
  },
  destinations: {
    title: "Destinations",
    name: "Destination",
    last: "Dernière",
    today: "Aujourd’hui",
    waiting: "En attente",
    nextTry: "Prochain essai",
    state: "État",
    states: {
      well: "va bien",
      in_trouble: "en difficulté",
      failing: "tous les essais échouent",
      paused: "en pause",
      paused_in_trouble: "en pause, en difficulté",
      idle: "au repos",
    },
    none: "Pas encore de connexion : rien ne peut sortir.",
  },
  never: "jamais",
  showAll: (count) => `Tout afficher (${count})`,
  fold: "Afficher moins",
  empty:
    "Rien n’est encore configuré. Les premiers pas vous mènent d’un système qui envoie à une livraison qui arrive.",
  firstSteps: "Commencer par les premiers pas",
};
