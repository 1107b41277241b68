import type { Words } from "../words";

export const firstSteps: Words["firstSteps"] = {
  title: "Premiers pas",
  about: "Quel système doit envoyer ici ? Vous verrez les clics exacts à faire là-bas.",
  titleFor: (system) => `Connecter ${system}`,
  another: "Un autre système",
  systems: {
    kobo: "KoboToolbox",
    commcare: "CommCare",
    "odk-aggregate": "ODK Aggregate",
    "odk-central": "ODK Central",
    wcs: "w.c.s.",
    godata: "Go.Data",
    openfn: "OpenFn, ou tout expéditeur de JSON",
  },
  abouts: {
    kobo: "Chaque nouvelle soumission, par ses services REST.",
    commcare: "Les formulaires et les cas, par le transfert de données.",
    "odk-aggregate": "Les soumissions, par sa publication « JSON server ».",
    "odk-central": "Par un petit script à vous : Central n’envoie rien de lui-même.",
    wcs: "Les données d’un formulaire à tout moment d’un workflow, par l’action « Webservice ».",
    godata: "Comme destinataire dès maintenant ; y lire viendra plus tard.",
    openfn: "Tout ce qui sait faire une requête HTTP.",
  },
  make: "1. Créer l’entrée",
  makeAbout: "Une source avec sa propre adresse. Le secret qu’elle contient est créé pour vous.",
  makeAction: "Créer l’adresse",
  existing: "Ou utilisez-en une qui existe :",
  mayNot:
    "Créer une source demande un accès d’éditeur. Adressez-vous à un administrateur du projet.",
  made: "1. L’entrée est là",
  clicks: "2. De l’autre côté",
  waiting: "3. La première soumission",
  waitingText: "En attente de la première soumission. Cette page la remarque d’elle-même.",
  stamped: "Elle est là.",
  received: "reçu",
  quarantined: "Elle est arrivée, mais n’a pas pu être lue :",
  next: "4. Que doit-il en advenir ?",
  nextAbout: "Elle est conservée. Elle peut maintenant être envoyée plus loin.",
  toConnection: (name) => `L’envoyer à ${name}`,
  toNew: "L’envoyer à un nouveau système",
  later: "Rien pour l’instant",
  goesOn: "Elle va déjà plus loin :",
  openMessage: "Ouvrir le message",
  localhost:
    "Cette adresse ne mène qu’à votre propre machine. Un système situé ailleurs a besoin de l’adresse publique du serveur : la personne qui l’exploite la règle avec --public-url.",
  guide: "La même chose sous forme de guide, avec les filtres et ce qu’il est bon de savoir :",
  limits: "Bon à savoir",
  steps: {
    kobo: [
      "Ouvrez le projet et allez dans **Paramètres → Services REST**. (Dans les versions anciennes : *Paramètres du projet*, en bas à gauche.)",
      "Enregistrez un nouveau service. Donnez-lui un nom et, comme **URL du point de terminaison**, cette adresse : {address}",
      "Choisissez le type **JSON**. Laissez la sécurité sur *aucune autorisation* : l’adresse est le secret.",
      'Si plusieurs projets envoient ici, entourez la soumission d’une **enveloppe personnalisée**, pour les distinguer : `{"form": "births", "body": %SUBMISSION%}`',
      "Enregistrez, puis saisissez une soumission dans le navigateur.",
    ],
    commcare: [
      "**Project Settings → Connection Settings** : ajoutez une connexion. Donnez-lui un nom, au moins une adresse pour les notifications et, comme URL : {address}",
      "Ne choisissez aucune authentification : l’adresse est le secret. *Test connection* envoie un GET, que la boîte ne prend pas ; un refus à cet endroit n’est pas un mauvais signe.",
      "**Project Settings → Data Forwarding** : sous *Forward Forms*, *Forward Cases* ou les deux, ajoutez un transfert et choisissez la connexion. Le format JSON est plus facile à lire.",
      "Envoyez un formulaire.",
    ],
    "odk-aggregate": [
      "**Form Management → Published Data**, puis **Publish** à côté du formulaire.",
      "Choisissez **JSON Server** (*Z-ALPHA JSON SERVER* dans les versions anciennes), et s’il faut envoyer les nouvelles soumissions, les existantes ou les deux.",
      "Comme URL, indiquez cette adresse : {address} La clé d’autorisation peut rester vide.",
      "Choisissez comment les médias sont envoyés : en liens, qui demanderont plus tard un compte Aggregate, ou intégrés, ce qui fait de gros messages.",
    ],
    "odk-central": [
      "Central n’a pas de webhooks. Un script à vous lui demande les nouvelles soumissions et envoie chacune ici, par exemple toutes les dix minutes.",
      "Interrogez Central avec `GET /v1/projects/{p}/forms/{f}.svc/Submissions?$expand=*`, et pour ce qui est nouveau depuis la dernière fois avec `$filter=__system/submissionDate gt …`.",
      "Envoyez chaque ligne en JSON à cette adresse : {address}",
      "Mettez son `__id` dans l’en-tête `Idempotency-Key` : une ligne envoyée deux fois devient un doublon.",
      "Lancez le script une fois.",
    ],
    wcs: [
      "Ouvrez le workflow et le statut auquel les données doivent partir, par exemple le premier.",
      "Ajoutez une action **Webservice**. Choisissez la méthode **POST** et, comme URL : {address}",
      "Cochez l’option qui envoie toutes les données du formulaire.",
      "Dites ce qui se passe en cas d’erreur : w.c.s. ne réessaie pas de lui-même. D’habitude, on saute vers un statut « en difficulté » sur les 5xx et les erreurs de réseau, avec un délai qui ramène en arrière.",
      "Amenez une demande à ce statut.",
    ],
    godata: [
      "Go.Data n’envoie rien de lui-même. Pour en apporter les données ici, un script à vous s’identifie avec `POST /api/users/login` et demande `GET /api/outbreaks/{id}/cases`.",
      'Demandez ce qui a changé depuis la dernière fois avec `?filter={"where":{"updatedAt":{"$gt":"…"}}}`.',
      "Envoyez chaque cas en JSON à cette adresse : {address}",
      "Mettez son `id` dans l’en-tête `Idempotency-Key` : envoyé deux fois, le cas devient un doublon ; modifié, il devient la version suivante.",
      "Lancez le script une fois.",
    ],
    openfn: [
      "Tout ce qui envoie aujourd’hui à OpenFn peut envoyer ici en changeant l’adresse : {address}",
      "Du JSON dans un POST suffit ; `200` et un objet vide signifient qu’il est conservé.",
      "Ajoutez un en-tête `Idempotency-Key` si la même chose peut être envoyée deux fois : la seconde devient un doublon.",
      "Envoyez quelque chose une fois. Dans un terminal : `curl -X POST -H 'Content-Type: application/json' -d '{\"form\": \"births\"}' {address}`",
    ],
  },
  notes: {
    kobo: [
      "Si vous choisissez un sous-ensemble de champs dans Kobo, gardez-y `_uuid` ou `meta/instanceID` : c’est à eux que l’on reconnaît une répétition.",
      "Kobo n’envoie que les nouvelles soumissions. Les modifications et suppressions ultérieures ne sont pas annoncées.",
    ],
    commcare: [
      "Un formulaire est connu par son identifiant : envoyé deux fois, c’est un seul message ; modifié, c’est une nouvelle version.",
    ],
    "odk-aggregate": [
      "Un refus arrêterait le formulaire là-bas. Cette source répond donc 200 même à ce qu’elle ne peut pas lire, et le met en quarantaine : regardez là plutôt que dans Aggregate.",
    ],
    "odk-central": [
      "Fieldpost n’interroge pas encore Central de lui-même et n’a pas de dialecte propre pour lui : ce qui est envoyé est lu comme du JSON.",
    ],
    wcs: [
      "Seuls les champs qui ont un nom de variable dans w.c.s. figurent dans `fields`.",
      "Un document envoyé à nouveau à un statut ultérieur est conservé comme version suivante.",
    ],
    godata: [
      "Fieldpost n’interroge pas encore Go.Data de lui-même : c’est prévu, et d’ici là il faut le script.",
      "Envoyer vers Go.Data fonctionne dès maintenant : créez une connexion avec le système *Go.Data* et l’adresse `https://<votre Go.Data>/api/outbreaks/<id>/cases`. Elle ne fait qu’ajouter ; retrouver et mettre à jour ce qui existe viendra dans une version ultérieure.",
    ],
    openfn: [
      "Les jobs, workflows et fichiers de projet d’OpenFn ne font pas partie de cette version.",
    ],
  },
};
