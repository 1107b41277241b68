import { counted } from "../plural";
import type { Words } from "../words";

export const settings: Words["settings"] = {
  title: "Réglages",
  readOnly: "Vous pouvez les consulter ; un administrateur du projet peut les modifier.",
  general: "Le projet",
  projectTitle: "Titre",
  projectTitleAbout: "Son nom pour les personnes. Son nom dans les adresses ne change pas.",
  notify: "Qui est prévenu d’un silence",
  notifyAbout: "Quand une source de ce projet n’envoie rien pendant plus longtemps que prévu.",
  reports: "Rapports",
  reportsAbout:
    "Ce qui est arrivé, parti, en attente et abandonné, par e-mail : une adresse par ligne. Il faut un relais de messagerie.",
  day: "Chaque matin, sur la veille",
  week: "Le lundi matin, sur la semaine passée",
  retention: "Conservation et effacement",
  retentionAbout:
    "Combien de temps les choses sont gardées ; vide veut dire toujours. Ce qui attend encore d’être livré est gardé, quel que soit son âge.",
  kept: {
    messages: "Messages",
    bodies: "Contenus des messages",
    attempts: "Tentatives",
  },
  keptAbout: {
    messages: "D’un message plus ancien, il reste qu’il est arrivé, quand et par quelle source.",
    bodies: "Les octets reçus, ainsi que ce qui a été envoyé et répondu à leur sujet.",
    attempts: "Ce que l’on sait de chaque tentative. Leur nombre reste.",
  },
  afterSuccess: "Contenus après la livraison",
  success: {
    forever: "Les garder comme ci-dessus",
    nothing: "Ne rien garder après la livraison",
    while: "Les garder un moment après la dernière livraison",
  },
  successFor: "Durée après la dernière livraison réussie",
  unit: (label: string) => `Unité : ${label}`,
  units: { s: "secondes", m: "minutes", h: "heures", d: "jours" },
  forEver: "toujours",
  spans: {
    s: (count: number) => counted("fr", count, { one: "# seconde", other: "# secondes" }),
    m: (count: number) => counted("fr", count, { one: "# minute", other: "# minutes" }),
    h: (count: number) => counted("fr", count, { one: "# heure", other: "# heures" }),
    d: (count: number) => counted("fr", count, { one: "# jour", other: "# jours" }),
  },
  sentence: {
    nothing: "Rien n’est effacé : tout est gardé pour toujours.",
    messages: (span: string) =>
      `Un message et tout ce qui dit de qui il s’agit sont effacés ${span} après son arrivée.`,
    bodies: (span: string) => `Les contenus des messages sont effacés ${span} après leur arrivée.`,
    attempts: (span: string) => `Les tentatives sont effacées après ${span}.`,
    successNow: "Les contenus sont effacés dès que toutes les livraisons d’un message ont réussi.",
    success: (span: string) =>
      `Les contenus sont effacés ${span} après la réussite de toutes les livraisons d’un message.`,
    wrong: "Une durée est un nombre entier.",
  },
  save: "Enregistrer",
  saved: "Les réglages sont enregistrés.",
  eraseAsk: "Effacer cela définitivement ?",
  eraseNow: "Avec cette conservation, le serveur efface immédiatement et définitivement :",
  eraseAction: "Enregistrer et effacer",
  erases: {
    messages: (count: number) => counted("fr", count, { one: "# message", other: "# messages" }),
    bodies: (count: number) =>
      counted("fr", count, {
        one: "le contenu de # autre message",
        other: "le contenu de # autres messages",
      }),
    attempts: (count: number) =>
      counted("fr", count, { one: "# tentative", other: "# tentatives" }),
    more: "Ce ne sont que les premiers ; il y en a d’autres.",
  },
  sendReport: "Envoyer un rapport maintenant",
  sendReportAbout:
    "Il compte jusqu’à maintenant et porte la mention d’aperçu. Les rapports réguliers arrivent comme d’habitude.",
  every: "Sur",
  periods: { day: "les dernières 24 heures", week: "les 7 derniers jours" },
  to: "À",
  toAbout: "Une adresse e-mail ; vide pour celles ci-dessus.",
  send: "L’envoyer",
  sentTo: (recipient: string) => `Un rapport est en route vers ${recipient}.`,
  notSentTo: (recipient: string, error: string) => `Rien ne part vers ${recipient} : ${error}`,
  sentToNobody:
    "Personne n’est indiqué ci-dessus, donc personne ne le reçoit. Indiquez une adresse e-mail.",
  pause: "Envoi",
  running: "en marche",
  paused: "suspendu",
  runningAbout:
    "Suspendre arrête tout ce qui part de ce projet. Les messages arrivent toujours, et leurs livraisons attendent ; rien n’est perdu.",
  pausedAbout:
    "Rien ne part. Les messages arrivent, et leurs livraisons attendent. La reprise envoie ce qui attendait, sauf ce que retient une connexion ou un transfert suspendu.",
  pauseAction: "Suspendre le projet",
  resumeAction: "Reprendre le projet",
  pauseAsk: "Suspendre tout le projet ?",
  resumeAsk: "Reprendre tout le projet ?",
  resumeAbout:
    "Ce qui attendait part aussitôt, sauf ce que retient une connexion ou un transfert suspendu.",
  nowPaused: "Le projet est suspendu. Ce qui arrive attend.",
  nowRunning: "Le projet est repris. Ce qui attendait part.",
};
