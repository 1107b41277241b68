import { counted } from "../plural";
import type { Words } from "../words";

export const incidents: Words["incidents"] = {
  title: "Incidents",
  incident: "Incident",
  about:
    "Les moments difficiles : des destinations qui n’acceptent pas ce qui leur est envoyé, des sources silencieuses, des appels de cycles de vie qui échouent.",
  empty:
    "Tout va bien : rien n’a encore posé de problème. Un incident commence ici quand quelqu’un devrait regarder.",
  emptyFiltered: "Aucun incident ne correspond à ces filtres.",
  open: "En cours",
  past: "Passés",
  nonePast: "Rien n’est encore terminé.",
  titles: {
    connection: (name) => `Difficulté avec ${name}`,
    silence: (name) => `Silence de ${name}`,
    call: (name) => `Appel en échec ${name}`,
  },
  noneOpen: "Rien ne pose de problème en ce moment.",
  openCount: (count) =>
    counted("fr", count, { one: "# incident en cours", other: "# incidents en cours" }),
  columns: {
    subject: "Qui",
    kind: "Quoi",
    state: "État",
    since: "Depuis",
    lasted: "Durée",
    failures: "Essais échoués",
    givenUp: "Abandons",
    last: "Vu en dernier",
    id: "Identifiant",
  },
  kinds: { connection: "destination", silence: "silence", call: "appel" },
  states: { open: "en cours", recovered: "terminé" },
  filters: {
    kind: "Quoi",
    subject: "Qui",
    any: "tous",
    about: (subject) => `à propos de ${subject}`,
  },
  told: {
    connection: (name, since) => `${name} est en difficulté depuis ${since}.`,
    recovering: (name, since, over) =>
      `${name} accepte de nouveau ce qui lui est envoyé depuis ${since}. L’incident se termine à ${over}, si rien n’échoue d’ici là.`,
    connectionOver: (name, time) => `${name} a été en difficulté pendant ${time}.`,
    silence: (name, since) =>
      `Rien n’est arrivé de ${name} depuis plus longtemps que prévu, constaté ${since}.`,
    silenceOver: (name, time) => `${name} est resté silencieux ${time} après le constat.`,
    call: (name, since) =>
      `L’appel ${name} échoue depuis ${since}. Ce qui a échoué n’est pas renvoyé tout seul.`,
    callRecovering: (name, since, over) =>
      `L’appel ${name} aboutit de nouveau depuis ${since}. L’incident se termine à ${over}, si aucun n’échoue d’ici là.`,
    callOver: (name, time) => `L’appel ${name} a échoué pendant ${time}.`,
    waiting: (count) => `${count} livraisons attendent.`,
    waitingOne: "1 livraison attend.",
    next: (when) => `Prochain essai ${when}.`,
    paused: "La connexion est en pause.",
  },
  tryNow: "Essayer maintenant",
  test: "Tester la connexion",
  pause: "Mettre en pause",
  resume: "Reprendre",
  seeWaiting: "Voir ce qui attend",
  seeGivenUp: "Voir ce qui est abandonné",
  seeMessages: "Voir ses messages",
  seeSubmission: "Voir la soumission",
  close: "Y mettre fin",
  closeAsk: "Mettre fin à cet incident ?",
  closeAbout:
    "Ceux qui ont été avertis de son début sont avertis de sa fin. Si la difficulté continue, un autre commence.",
  closed: "L’incident est terminé.",
  counts: "Depuis qu’il dure",
  countsOver: "Tant qu’il a duré",
  failures: "Essais échoués",
  failedCalls: "Appels échoués",
  givenUp: "Abandons",
  waiting: "En attente",
  oldest: "La plus ancienne attend depuis",
  nextTry: "Prochain essai",
  noticed: "Constaté",
  ended: "Terminé",
  reminded: "Rappelé",
  last: "Vu en dernier",
  lastMessage: "Le dernier message",
  lastNever: "Rien n’en est jamais arrivé.",
  at: "Quand",
  error: "Erreur",
  url: "Adresse",
  delivery: "Livraison",
  submission: "Soumission",
  message: "Message",
  key: "Clé",
  notices: "Qui a été averti",
  noNotices:
    "Personne n’est désigné pour en être averti. Ajoutez des adresses sous notify de la connexion, ou du projet.",
  noticeKinds: {
    opened: "du début",
    reminder: "qu’il dure",
    recovered: "de la fin",
    "given-up": "des livraisons abandonnées",
    report: "rapport",
    lifecycle: "cycle de vie",
  },
  noticeStates: {
    pending: "en attente",
    sent: "envoyé",
    "given-up": "abandonné",
    "not-sent": "non envoyé",
  },
  channels: { mail: "par e-mail", webhook: "par webhook" },
  showText: "Voir le texte",
  chart: {
    title: "Autour de l’incident",
    noticed: "constaté",
    over: "terminé",
    connection: (delivered, failed) => {
      const out = counted("fr", delivered, { one: "# livraison", other: "# livraisons" });
      const tries = counted("fr", failed, { one: "# essai échoué", other: "# essais échoués" });
      return `${out}, ${tries}.`;
    },
    silence: (received) => counted("fr", received, { one: "# reçu.", other: "# reçus." }),
    steps: { "1m": "une minute", "5m": "cinq minutes", "1h": "une heure", "1d": "un jour" },
  },
};
