import { counted } from "../plural";
import type { Words } from "../words";

export const installation: Words["installation"] = {
  users: {
    title: "Utilisateurs",
    about: "Toutes les personnes qui ont un compte sur ce serveur.",
    empty:
      "Personne n’a encore de compte : ce serveur se gère avec le jeton d’administrateur. Invitez quelqu’un : cette personne entre ensuite avec son adresse e-mail et son propre mot de passe.",
    invite: "Inviter quelqu’un",
    email: "E-mail",
    name: "Nom",
    admin: "Administre l’installation",
    adminAbout:
      "Peut tout faire dans tous les projets, et peut seul créer des projets, des utilisateurs et des jetons pour tous les projets.",
    project: "Projet",
    projectNone: "aucun pour l’instant",
    level: "Niveau",
    projects: "Projets",
    everything: "tous",
    nothing: "aucun",
    state: "État",
    active: "actif",
    invited: "n’a pas encore accepté",
    disabled: "accès fermé",
    factor: "Second facteur",
    yes: "oui",
    no: "non",
    lastSignIn: "Dernière connexion",
    never: "jamais",
    deeds: (name: string) => `Actions pour ${name}`,
    makeAdmin: "Confier l’administration de l’installation",
    dropAdmin: "Retirer l’administration de l’installation",
    disable: "Fermer l’accès",
    enable: "Rouvrir l’accès",
    reset: "Créer un lien pour un nouveau mot de passe",
    resetFactor: "Créer ce lien et retirer le second facteur",
    remove: "Supprimer le compte",
    makeAdminAsk: (name: string) => `Confier l’administration de l’installation à ${name} ?`,
    dropAdminAsk: (name: string) => `Retirer l’administration de l’installation à ${name} ?`,
    dropAdminAbout: "Ses niveaux dans les projets restent.",
    disableAsk: (name: string) => `Fermer l’accès à ${name} ?`,
    disableAbout: "Ses sessions prennent fin immédiatement. Les jetons qu’elle a créés restent.",
    resetAsk: (name: string) => `Créer un lien pour ${name} ?`,
    resetAbout:
      "Il permet de choisir un nouveau mot de passe. Toutes ses sessions prennent fin à ce moment-là.",
    resetFactorAbout:
      "Il permet de choisir un nouveau mot de passe, et la connexion ne demande plus de second facteur dès maintenant : pour qui a perdu son téléphone.",
    removeAsk: (name: string) => `Supprimer le compte de ${name} ?`,
    removeAbout:
      "Cette personne ne sera plus membre d’aucun projet. Ce qu’elle a fait reste dans le journal d’audit, et les jetons qu’elle a créés restent.",
    changed: (name: string) => `Le compte de ${name} est modifié.`,
    removed: (name: string) => `Le compte de ${name} est supprimé.`,
    linkFor: (email: string) =>
      `Donnez ce lien à ${email} : il permet de choisir un mot de passe. Il est valable une fois, pendant sept jours, et ne sera plus affiché.`,
    mailed: (email: string) => `Il est aussi envoyé par e-mail à ${email}.`,
    link: "Lien",
    done: "Terminé",
  },
  keys: {
    title: "Clés",
    about:
      "Les secrets des connexions sont scellés par une clé avant d’être enregistrés. Les clés ne sont désignées que par leur nom.",
    rotate: "Changer la clé",
    rotateAsk: "Changer la clé ?",
    rotateHub:
      "Le serveur crée une nouvelle clé et rescelle tout en arrière-plan. L’ancienne clé reste dans le fichier de clés, pour les sauvegardes.",
    rotateOperator:
      "La première clé du fichier de clés, ou la première donnée au démarrage, scelle désormais. Tout est rescellé en arrière-plan.",
    key: "Clé",
    records: "Secrets scellés par elle",
    state: "État",
    active: "scelle actuellement",
    present: "ouvre ce qu’elle a scellé",
    missing: "absente : ce qu’elle a scellé est illisible",
    unsealed: (count: number) =>
      counted("fr", count, {
        one: "# secret n’est pas encore scellé. Changer la clé le scelle.",
        other: "# secrets ne sont pas encore scellés. Changer la clé les scelle.",
      }),
    running: (count: number) =>
      counted("fr", count, {
        one: "# secret rescellé jusqu’ici…",
        other: "# secrets rescellés jusqu’ici…",
      }),
    ended: (count: number) =>
      counted("fr", count, {
        one: "# secret a été rescellé.",
        other: "# secrets ont été rescellés.",
      }),
    failed: (count: number) =>
      counted("fr", count, {
        one: "# n’a pas pu être ouvert et reste tel quel ; le journal du serveur le nomme.",
        other:
          "# n’ont pas pu être ouverts et restent tels quels ; le journal du serveur les nomme.",
      }),
    stopped: "Cela s’est arrêté avant la fin :",
    keptByHub: "Le serveur crée lui-même les clés, dans son fichier de clés.",
    keptByOperator: "La personne qui gère la machine crée les clés.",
  },
  status: {
    hubs: {
      title: "Serveurs",
      hub: "Serveur",
      state: "État",
      there: "présent",
      away: "sans nouvelles",
      seen: "Dernières nouvelles",
      started: "Démarré",
      version: "Version",
      lanes: "Destinations appelées",
      calls: "Appels en cours",
      thisOne: "celui-ci",
    },
    title: "État",
    about: "Ce que ce serveur dit de lui-même.",
    version: "Version",
    engine: "Base de données",
    engines: { sqlite: "SQLite", postgres: "PostgreSQL" },
    waiting: "Livraisons en attente",
    defaultProject: "Projet par défaut",
    networks: "Réseaux permis",
    mailRelay: "Relais de messagerie",
    publicUrl: "Adresse des liens",
    none: "aucun",
    noNetworks: "aucun, outre l’internet public",
    noMail:
      "aucun : les invitations se donnent de la main à la main, et personne n’est prévenu par e-mail",
    noPublicUrl: "non définie : aucun lien n’est envoyé par e-mail",
    unreadable: "Projets illisibles",
    unreadableAbout: "Rien n’en est envoyé ; les autres continuent.",
  },
};
