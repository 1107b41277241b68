import { counted } from "../plural";
import type { Words } from "../words";

export const messages: Words["messages"] = {
  title: "Messages",
  message: "Message",
  empty:
    "Rien n’est encore arrivé. Un message apparaît ici dès qu’un expéditeur l’envoie à une des boîtes du projet.",
  emptyFiltered: "Aucun message ne correspond à ces filtres.",
  columns: {
    received: "Reçu",
    id: "Identifiant",
    source: "Source",
    state: "État",
    way: "Parcours",
    identity: "Identité",
    type: "Type de contenu",
    bytes: "Taille",
    version: "Version",
  },
  filters: {
    source: "De",
    state: "État",
    since: "Depuis",
    until: "Jusqu’à",
    from: (source) => `de ${source}`,
    sinceTime: (time) => `depuis ${time}`,
    untilTime: (time) => `avant ${time}`,
    text: (text) => `avec « ${text} »`,
    any: "tous",
    search: "Texte, identité ou identifiant",
    content: "Avec une valeur",
    contentAbout: "Un chemin dans le contenu, et ce qui s’y trouve.",
    path: "Chemin",
    value: "Valeur",
    add: "Ajouter",
  },
  tabs: {
    received: "Reçu",
    parsed: "Lu",
    headers: "En-têtes",
    matched: "Pourquoi",
    attempts: "Essais",
    versions: "Versions",
    history: "Historique",
  },
  from: (source) => `de ${source}`,
  versionOf: (version) => `version ${version}`,
  seen: (count) => counted("fr", count, { one: "vu # fois", other: "vu # fois" }),
  erased: "Son contenu a été effacé",
  replay: "Rejouer",
  replayAbout:
    "Le message est trié à nouveau selon les filtres d’aujourd’hui. Les nouvelles livraisons sont marquées comme rejouées ; ce qui a déjà été livré est envoyé encore une fois.",
  replayAsk: "Rejouer ce message ?",
  replayed: (count) =>
    counted("fr", count, {
      one: "Rejoué : # nouvelle livraison",
      other: "Rejoué : # nouvelles livraisons",
    }),
  replayMany: {
    open: "Rejouer…",
    title: "Rejouer ce que la liste trouve",
    about:
      "Les messages sont comparés à nouveau, avec le filtre actuel d’un transfert. Ce qu’il veut est renvoyé, marqué comme rejeu.",
    everything: "Tous les messages conservés.",
    notByValue:
      "Un rejeu ne peut pas chercher une valeur dans les messages : retirez ce filtre. Le filtre du transfert regarde le contenu de toute façon.",
    textInIdentities:
      "Pour un rejeu, le texte n’est cherché que dans les identités et les identifiants.",
    which: (filters) => `Messages ${filters}.`,
    forwarder: "Avec le transfert",
    rate: "Livraisons par seconde au plus",
    rateAbout: "0 : aussi vite que possible.",
    looked: (count) =>
      counted("fr", count, { one: "# message est examiné.", other: "# messages sont examinés." }),
    act: (count) => `Rejouer ${count}`,
  },
  replayUnreadable: (reason) => `Il reste illisible : ${reason}`,
  download: "Télécharger les octets exacts",
  noForwarders: "Le projet n’a pas encore de transferts : rien n’a été demandé à ce message.",
  wants: "le veut",
  wantsNot: "ne le veut pas",
  everything: "veut tout",
  noAttempts: "Rien n’a encore été essayé.",
  parameters: "Paramètres de l’adresse",
  thisOne: "celle-ci",
  oneVersion: "Il n’y en a qu’une version : rien d’autre n’est arrivé sous son identité.",
  compare: "Comparer",
  differencesOnly: "Ce qui diffère",
  sideBySide: "Côte à côte",
  path: "Où",
  differences: (count, more) =>
    more
      ? `Les ${count} premières différences`
      : counted("fr", count, { one: "# différence", other: "# différences" }),
  history: {
    received: "Reçu",
    made: (forwarder, connection) => `Livraison créée par ${forwarder} pour ${connection}`,
    resent: (connection) => `Envoyé à nouveau à ${connection}`,
    replayed: (forwarder, connection) =>
      `Rejoué : livraison créée par ${forwarder} pour ${connection}`,
    tried: (connection, number) => `Essai ${number} chez ${connection}`,
    erased: "Son contenu a été effacé",
  },
  table: {
    connection: "Connexion",
    number: "Essai",
    at: "Quand",
    took: "Durée",
    outcome: "Résultat",
  },
};
