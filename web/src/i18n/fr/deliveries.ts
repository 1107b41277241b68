import { counted } from "../plural";
import type { Words } from "../words";

export const deliveries: Words["deliveries"] = {
  title: "Livraisons",
  delivery: "Livraison",
  empty:
    "Rien n’est encore parti. Une livraison est créée quand arrive un message, un formulaire ou un dossier que veut un transfert.",
  emptyFiltered: "Aucune livraison ne correspond à ces filtres.",
  columns: {
    made: "Créée",
    state: "État",
    connection: "Connexion",
    forwarder: "Transfert",
    event: "Événement",
    key: "Clé",
    way: "Parcours",
    status: "Statut",
    error: "Dernière erreur",
    tries: "Essais",
    next: "Prochain essai",
    origin: "Créée par",
    id: "Identifiant",
  },
  origins: { event: "son événement", resend: "un renvoi", replay: "un rejeu" },
  counts: "Par état",
  filters: {
    state: "État",
    any: "tous",
    connection: "Vers",
    forwarder: "Transfert",
    source: "De",
    origin: "Créée par",
    key: "Clé",
    sort: "Trier par",
    sorts: {
      newest: "les plus récentes d’abord",
      oldest: "les plus anciennes d’abord",
      next_attempt: "le prochain essai, parmi ce qui attend",
      latest_attempt: "le prochain essai, le plus tardif d’abord",
    },
    errorKind: "Échec parce que",
    status: "Réponse",
    oneOf: (states) => states.join(" ou "),
    answered: (status) => `réponse ${status}`,
    holds: "Seulement ce qui en retient d’autres",
    since: "Créée depuis",
    until: "Créée avant",
    search: "Identifiant, clé ou erreur",
    toConnection: (name) => `vers ${name}`,
    ofForwarder: (name) => `par ${name}`,
    fromSource: (name) => `de ${name}`,
    madeBy: (origin) => `créée par ${origin}`,
    withKey: (key) => `clé ${key}`,
    ofMessage: (id) => `du message ${id}`,
    cancelledBy: (id) => `annulée par l’action ${id}`,
    named: (count) => counted("fr", count, { one: "# désignée", other: "# désignées" }),
    holding: "en retient d’autres",
    sinceTime: (time) => `créée depuis ${time}`,
    untilTime: (time) => `créée avant ${time}`,
    withText: (text) => `avec « ${text} »`,
  },
  deeds: {
    retry: "Réessayer maintenant",
    cancel: "Annuler l’envoi",
    requeue: "Remettre en attente",
    resend: "Renvoyer",
  },
  deedAbout: {
    retry:
      "Ce qui attend est essayé maintenant. Un essai qui échoue compte comme les autres, et la pause qui suit est plus longue.",
    cancel: "Ce qui attend n’est plus envoyé. Cela peut être défait.",
    requeue: "Ce qui est terminé attend à nouveau sous le même identifiant, avec tous ses essais.",
    resend: "Les mêmes octets repartent, comme une nouvelle livraison.",
  },
  done: {
    retry: "L’essai a lieu maintenant.",
    cancel: "Annulée. Elle n’est pas envoyée.",
    requeue: "Remise en attente, avec tous ses essais.",
    resend: "Renvoyée, comme une nouvelle livraison.",
  },
  undone: "Elle attend à nouveau.",
  showNew: "La voir",
  ask: {
    resendTitle: "Envoyer encore une fois ?",
    resend: (connection) =>
      `${connection} reçoit les mêmes octets une fois de plus, sous un nouvel identifiant. Ce qu’il fait de ce qu’il a déjà dépend de lui.`,
    resendWaiting: (connection) =>
      `Cette livraison attend encore ${connection}. Une seconde est créée à côté, et les deux peuvent arriver.`,
    requeueTitle: "Remettre en attente ?",
    requeueDelivered: (connection) =>
      `${connection} l’a déjà reçue. Il la reçoit une fois de plus, sous le même identifiant.`,
    requeueSuperseded:
      "Une plus récente a pris sa place. Le contenu ancien arrive après le nouveau, et peut le défaire.",
    cancelTitle: "Annuler l’envoi ?",
    cancelFollowers: (count) =>
      counted("fr", count, {
        one: "# livraison attend derrière elle, dans l’ordre, et partira sans elle.",
        other: "# livraisons attendent derrière elle, dans l’ordre, et partiront sans elle.",
      }),
  },
  story: {
    delivered: (connection, status) => `${connection} l’a acceptée : ${status}.`,
    deliveredAfter: (connection, status, tries) =>
      `${connection} l’a acceptée : ${status}, après ${tries}.`,
    tries: (count) => counted("fr", count, { one: "# essai", other: "# essais" }),
    refused: (connection) => `${connection} l’a refusée. Elle n’est plus essayée d’elle-même.`,
    refusedWith: (connection, status) =>
      `${connection} l’a refusée avec ${status}. Elle n’est plus essayée d’elle-même.`,
    givenUp: (connection, tries) =>
      `Elle a été abandonnée après ${tries} : ${connection} ne l’a pas acceptée.`,
    retrying: (connection, tries) => `${connection} ne l’a pas acceptée en ${tries}.`,
    retryingWith: (connection, status, tries) =>
      `${connection} a répondu ${status}. ${tries} jusqu’ici.`,
    first: "Elle attend son premier essai.",
    cancelled: "Elle a été annulée, et n’est pas envoyée.",
    superseded: "Une plus récente a pris sa place, et elle n’est pas envoyée.",
    holds: (count) =>
      counted("fr", count, {
        one: "# livraison attend qu’elle soit remise en attente ou annulée.",
        other: "# livraisons attendent qu’elle soit remise en attente ou annulée.",
      }),
    holdsNone: "Ce qui la suit, dans l’ordre, attend qu’elle soit remise en attente ou annulée.",
  },
  facts: {
    title: "Ce que c’est",
    event: "Déclenchée par",
    events: {
      message: "un message",
      form: "un formulaire",
      submission: "une soumission",
      "form-stub": "un formulaire, par ses identifiants",
      case: "un dossier",
      "case-created": "un nouveau dossier",
      "case-updated": "un dossier modifié",
      "app-schema": "une application",
    },
    submission: "Soumission",
    case: "Dossier",
    message: "Message",
    forwarder: "Transfert",
    connection: "Connexion",
    key: "Clé",
    origin: "Créée par",
    made: "Créée",
    budget: "Essais comptés depuis",
    resendOf: "Renvoie",
    supersededBy: "Remplacée par",
    waitsFor: "Attend",
    followers: "Derrière elle",
    waiting: (count) =>
      counted("fr", count, { one: "# livraison attend", other: "# livraisons attendent" }),
  },
  exactError: "L’erreur exacte",
  planned: "Prochains essais",
  plannedAbout:
    "Si chaque essai échouait aussitôt ; chacun a lieu un peu plus tôt ou plus tard, au hasard.",
  attempts: "Essais",
  noAttempts: "Rien n’a encore été essayé. Le premier essai apparaît ici au moment où il a lieu.",
  table: {
    number: "Essai",
    at: "Quand",
    took: "Durée",
    outcome: "Résultat",
  },
  attempt: (number) => `Essai ${number}`,
  kinds: {
    dns: "nom introuvable",
    connect: "pas de connexion",
    tls: "pas de connexion sûre",
    timeout: "pas de réponse à temps",
    status: "réponse d’erreur",
    body: "réponse illisible",
    refused: "non autorisé",
    build: "n’a pas pu être préparée",
    authentication: "authentification refusée",
    interrupted: "interrompu",
  },
  kindTold: (kind) => `Dernier essai : ${kind}`,
  request: "Requête",
  response: "Réponse",
  body: "Corps",
  headers: "En-têtes",
  noRequest: "La requête n’a pas pu être préparée.",
  noResponse: "Rien n’a été répondu.",
  truncated: "La réponse était plus longue que ce qui est conservé. En voici le début.",
  erased: "Les corps ont été effacés",
  compareWith: "À côté d’un autre essai",
  sameBytes: "Les deux essais ont envoyé la même chose, octet pour octet.",
  besideTry: (number) => `à côté de l’essai ${number}`,
  copyCurl: "Copier pour curl",
  curlSecrets: (names) =>
    `Les secrets n’y sont pas. Définissez d’abord ces variables dans le terminal : ${names}.`,
  curlFile: (name) => `Téléchargez d’abord les octets exacts à côté, sous le nom ${name}.`,
  bulk: {
    title: (deed) => `${deed} : ce qui va se passer`,
    counting: "Comptage…",
    touched: {
      retry: (count) =>
        counted("fr", count, {
          one: "# livraison est essayée maintenant.",
          other: "# livraisons sont essayées maintenant.",
        }),
      cancel: (count) =>
        counted("fr", count, {
          one: "# livraison est annulée et n’est pas envoyée.",
          other: "# livraisons sont annulées et ne sont pas envoyées.",
        }),
      requeue: (count) =>
        counted("fr", count, {
          one: "# livraison attend à nouveau, avec tous ses essais.",
          other: "# livraisons attendent à nouveau, avec tous leurs essais.",
        }),
      resend: (count) =>
        counted("fr", count, {
          one: "# nouvelle livraison est créée : les mêmes octets repartent.",
          other: "# nouvelles livraisons sont créées : les mêmes octets repartent.",
        }),
    },
    states: "Elles sont",
    copies: (count) =>
      counted("fr", count, {
        one: "# d’entre elles vient d’un renvoi ou d’un rejeu.",
        other: "# d’entre elles viennent de renvois ou de rejeux.",
      }),
    passedOver: (count) =>
      counted("fr", count, {
        one: "# reste telle quelle : son état ne le permet pas.",
        other: "# restent telles quelles : leur état ne le permet pas.",
      }),
    none: "Rien de cela n’est possible avec ce qui est sélectionné.",
    delivered: (count) =>
      counted("fr", count, {
        one: "# d’entre elles est déjà arrivée, et arrivera une fois de plus.",
        other: "# d’entre elles sont déjà arrivées, et arriveront une fois de plus.",
      }),
    now: "Cela concerne ce qui existe à cet instant, en commençant par les plus anciennes. Ce qui est en cours d’envoi est laissé de côté.",
    undo: "Cela peut être défait depuis la page de l’action.",
    noUndo: "Cela peut être arrêté, mais pas défait.",
    act: {
      retry: (count) => `Réessayer (${count})`,
      cancel: (count) => `Annuler ${count}`,
      requeue: (count) => `Remettre ${count} en attente`,
      resend: (count) => `Renvoyer (${count})`,
    },
    back: "Retour",
    tooMany: (most) =>
      `Plus de ${most} ne peuvent pas être désignées une à une : filtrez, puis sélectionnez tout ce qui correspond.`,
  },
};
