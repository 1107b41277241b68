import { counted } from "../plural";
import type { Words } from "../words";

export const definitions: Words["definitions"] = {
  name: "Nom",
  nameAbout: "Des minuscules, des chiffres, - et _. Il ne peut plus changer ensuite.",
  pause: "Mettre en pause",
  resume: "Reprendre",
  pauseAsk: (name) => `Mettre ${name} en pause ?`,
  pauseAbout: "Ce qui lui est destiné attend la reprise. Rien n’est perdu.",
  pauseNote: {
    by: (by) => `En pause, par ${by}, depuis`,
    project: (by) => `Tout le projet est suspendu, par ${by}, depuis`,
    said: (reason) => `« ${reason} »`,
    noReason: "Personne n’a dit pourquoi.",
    ofHub: {
      "the destination answered 410: it is gone for good":
        "La destination a répondu 410 : elle n’existe plus.",
    },
  },
  resumeAsk: (name) => `Reprendre ${name} ?`,
  resumeAbout: "Ce qui attendait part aussitôt.",
  deedNamed: (deed, name) => `${deed} : ${name}`,
  noJson: (fault, place) => `Ce n’est pas du JSON : ${fault}, au caractère ${place}.`,
  jsonFaults: {
    levels: "il y a trop de niveaux",
    values: "il y a autre chose après la valeur",
    value: "il manque une valeur",
    string: "il manque un texte entre guillemets",
    colon: "il manque un deux-points",
    brace: "il manque une accolade fermante",
    bracket: "il manque un crochet fermant",
    escape: "un texte contient une séquence d’échappement incorrecte",
  },
  change: "Modifier",
  save: "Enregistrer",
  done: {
    pause: (name) => `${name} est en pause. Ce qui lui est destiné attend.`,
    resume: (name) => `${name} fonctionne à nouveau. Ce qui attendait part.`,
    "try-now": (name) =>
      `Une livraison part maintenant vers ${name}. Si elle arrive, les autres suivent.`,
  },
  ofWorkflow: {
    pauseAbout:
      "Ses exécutions sont encore créées et attendent la reprise. Celles qui sont en cours se terminent.",
    resumeAbout: "Les exécutions qui attendaient commencent.",
    done: {
      pause: (name) => `${name} est en pause. Ses exécutions attendent.`,
      resume: (name) => `${name} fonctionne à nouveau. Les exécutions qui attendaient commencent.`,
    },
  },
  saved: (name) => `${name} est enregistré.`,
  removeAction: "Supprimer",
  removeAsk: (name) => `Supprimer ${name} ?`,
  removed: (name) => `${name} est supprimé.`,
  seeFields: "Rien n’est encore enregistré : les champs en rouge disent pourquoi.",
  notSaved: "Rien n’est encore enregistré.",
  leaveAsk: "Quitter sans enregistrer ?",
  leaveAbout: "Ce que vous avez saisi ici sera perdu.",
  leave: "Quitter",
  addRow: "Ajouter",
  removeRow: (name) => (name === "" ? "Supprimer cette ligne" : `Supprimer ${name}`),
  nobody: "—",
  warnings: (count) => counted("fr", count, { one: "# avertissement", other: "# avertissements" }),
  rowDoubled: (name) => `${name} existe déjà : un nom ne peut servir qu’une fois.`,
  meanwhile: {
    title: (name) => `Quelqu’un d’autre a enregistré ${name} depuis que vous avez commencé.`,
    about: "Rien de votre saisie n’est encore enregistré, et rien de la sienne n’est perdu.",
    again: "Recommencer avec ce qui est enregistré",
    anyway: "Enregistrer ma saisie par-dessus",
  },
  nameTaken: (name) => `Le nom ${name} est déjà pris.`,
  nameMissing: "Il faut un nom.",
  duration: "Un nombre entier et une unité : 50ms, 30s, 15m, 6h, 5d (d pour jours)",
  secret: {
    set: "défini",
    replace: "Remplacer",
    replaceNamed: (label) => `Remplacer : ${label}`,
    remove: "Supprimer",
    removeNamed: (label) => `Supprimer : ${label}`,
    kept: "défini ; reste tel quel",
    again: "Il partirait ailleurs qu’avant : saisissez-le à nouveau.",
  },
  copyAddress: "Copier l’adresse",
  warningTexts: {
    "no-notify": (name) => `Personne n’est prévenu quand ${name} est en difficulté.`,
    "no-mail-relay": (name) =>
      `Personne ne reçoit d’e-mail quand ${name} est en difficulté : le serveur n’a pas de relais de messagerie.`,
    "all-unsubscribed": (name) =>
      `Toutes les personnes prévenues quand ${name} est en difficulté se sont désabonnées.`,
    "notify-refused": (name) =>
      `Quelqu’un à prévenir quand ${name} est en difficulté ne reçoit aucun e-mail : le dernier a été abandonné.`,
    "refused-network": (name) =>
      `Rien n’est envoyé à ${name} : son adresse est dans un réseau qui n’est pas ouvert.`,
    "unverified-tls": (name) =>
      `Quiconque se trouve sur le chemin vers ${name} peut lire et modifier ce qui est envoyé, identifiants compris : son certificat n’est pas vérifié.`,
    "credentials-in-the-clear": (name) =>
      `Les identifiants pour ${name} sont envoyés là où n’importe qui peut les lire en chemin.`,
    "short-signing-secret": (name) =>
      `Le secret de signature de ${name} est si court qu’il peut être deviné.`,
    "short-secret": (name) =>
      `Le secret de ${name} est court : qui le devine peut y envoyer des messages.`,
  },
  warningHints: {
    "no-notify":
      "Indiquez qui est prévenu : une adresse e-mail, ou une adresse qui prend un webhook.",
    "no-mail-relay": "Donnez un relais au serveur avec --smtp-url et --smtp-from.",
    "all-unsubscribed": "Indiquez quelqu’un d’autre, ou demandez-leur de rouvrir leur lien.",
    "notify-refused": "Indiquez une adresse qui accepte les e-mails.",
    "refused-network": "La personne qui exploite le serveur ouvre ce réseau avec --allow-network.",
    "unverified-tls": "Indiquez plutôt le certificat de son autorité.",
    "credentials-in-the-clear": "Faites commencer l’adresse par https://.",
    "short-signing-secret": "Faites-en créer un, ou créez-en un avec openssl rand -base64 32.",
    "short-secret": "Laissez-le vide, et il en est créé un.",
  },
  conditions: {
    cameIn: (source) => `arrivé par \`${source}\``,
    cameInOther: (source, wanted) => `arrivé par \`${source}\`, attendu : \`${wanted}\``,
    listed: {
      forms: { what: "le formulaire", unknown: "aucun formulaire n’est connu" },
      case_types: { what: "le type du dossier", unknown: "aucun type de dossier n’est connu" },
      applications: { what: "l’application", unknown: "aucune application n’est connue" },
      users: { what: "l’utilisateur", unknown: "aucun utilisateur n’est connu" },
      without_users: { what: "l’utilisateur", unknown: "aucun utilisateur n’est connu" },
    },
    body: "le corps",
    header: (name) => `l’en-tête \`${name}\``,
    query: (name) => `le paramètre \`${name}\``,
    object: "un objet",
    array: "une liste",
    absent: (what) => `${what} est absent`,
    notSent: (what) => `${what} n’a pas été envoyé`,
    same: (what, found) => `${what} vaut ${found}`,
    different: (what, found, wanted) => `${what} vaut ${found}, attendu : ${wanted}`,
    differs: (what, found, excluded) => `${what} vaut ${found}, et non ${excluded}`,
    hasEqual: (what, wanted) => `${what} a un élément égal à ${wanted}`,
    lacksEqual: (what, wanted) => `${what} n’a aucun élément égal à ${wanted}`,
    hasContaining: (what, wanted) => `${what} a un élément qui contient ${wanted}`,
    lacksContaining: (what, wanted) => `${what} n’a aucun élément qui contienne ${wanted}`,
    excluded: (told) => `exclu : ${told}`,
    notExcluded: (told) => `non exclu : ${told}`,
  },
  advanced: "Plus",
};
