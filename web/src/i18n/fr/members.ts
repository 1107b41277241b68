import { counted } from "../plural";
import type { Words } from "../words";

export const members: Words["members"] = {
  title: "Membres",
  about:
    "Qui peut faire quoi dans ce projet. Les administrateurs de l’installation peuvent tout faire sans figurer dans cette liste.",
  people: "Personnes",
  add: "Ajouter quelqu’un",
  addAbout:
    "Une personne qui n’a pas encore de compte reçoit un lien pour choisir un mot de passe.",
  email: "E-mail",
  name: "Nom",
  nameAbout: "Seulement pour quelqu’un qui n’a pas encore de compte ici.",
  level: "Niveau",
  since: "Depuis",
  state: "État",
  you: "vous",
  invited: "n’a pas encore accepté",
  disabled: "accès au serveur fermé",
  active: "peut se connecter",
  levelOf: (name: string) => `Niveau de ${name}`,
  changed: (name: string, level: string) => `${name} a maintenant le niveau ${level}.`,
  remove: "Retirer",
  removeNamed: (name: string) => `Retirer ${name}`,
  lowerAsk: (level) => `Passer vous-même au niveau ${level} ?`,
  lowerAbout:
    "Vous pourrez faire moins de choses dans ce projet, et seul un propriétaire pourra revenir en arrière.",
  lower: "Abaisser mon niveau",
  removeAsk: (name: string) => `Retirer ${name} de ce projet ?`,
  removeAbout:
    "Ses sessions n’ont plus accès au projet, dès maintenant. Le compte reste, ainsi que les jetons créés par cette personne.",
  removed: (name: string) => `${name} n’est plus membre.`,
  empty: "Il n’y a encore aucun membre. Ajoutez les personnes qui s’occupent de ce projet.",
  waitingFor: (count: number) =>
    counted("fr", count, {
      one: "# personne n’a pas encore accepté.",
      other: "# personnes n’ont pas encore accepté.",
    }),
  done: "Terminé",
  addedKnown: (name: string) =>
    `${name} a déjà un compte ici et y trouve le projet dès maintenant.`,
  addedMailed: (email: string) =>
    `Le lien est envoyé à ${email}. Il est valable une fois, pendant sept jours.`,
  addedLink: (email: string) =>
    `Donnez ce lien à ${email}. La personne qui l’ouvre choisit un mot de passe et peut entrer. Il est valable une fois, pendant sept jours, et ne sera plus affiché.`,
  link: "Lien d’invitation",
  levels: "Ce que permet chaque niveau",
  levelsAbout: "Chaque niveau permet ce que permettent les précédents, et davantage.",
  may: "Permet de",
  names: {
    viewer: "lecteur",
    editor: "éditeur",
    admin: "administrateur",
    owner: "propriétaire",
  },
  deeds: {
    viewer:
      "Tout consulter : messages, livraisons, connexions. Les secrets et les adresses des boîtes de réception sont masqués.",
    editor:
      "Réessayer, annuler, renvoyer, rejouer, suspendre et reprendre ; essayer des filtres ; modifier les sources et les transferts ; voir les adresses des boîtes de réception.",
    admin:
      "Modifier et tester les connexions ; modifier les réglages, la conservation et le fichier du projet ; effacer une personne ; envoyer des rapports ; ajouter des membres jusqu’au niveau administrateur ; créer des jetons ; lire le journal d’audit.",
    owner: "Nommer des propriétaires et retirer des personnes.",
  },
};
