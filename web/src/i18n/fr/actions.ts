import { counted } from "../plural";
import type { Words } from "../words";

export const actions: Words["actions"] = {
  title: "Actions",
  about:
    "Ce qui a été fait à beaucoup de livraisons, de messages ou d’exécutions à la fois, le plus récent d’abord.",
  empty:
    "Rien n’a encore été fait à plusieurs à la fois. Sélectionnez des livraisons, puis choisissez ce qu’il faut en faire.",
  toDeliveries: "Vers les livraisons",
  columns: {
    began: "Début",
    action: "Action",
    state: "État",
    progress: "Fait",
    passedOver: "Laissées",
    by: "Par",
    id: "Identifiant",
  },
  kinds: {
    retry: "Nouvel essai",
    cancel: "Annulation",
    requeue: "Remise en attente",
    resend: "Renvoi",
    replay: "Rejeu",
    "retry-runs": "Exécutions relancées",
    "cancel-runs": "Exécutions annulées",
  },
  states: { running: "en cours", stopped: "arrêtée", done: "terminée", failed: "échouée" },
  progress: (touched, matched) => `${touched} sur ${matched}`,
  told: {
    running:
      "Elle avance, en commençant par les plus anciennes. Vous pouvez quitter cette page : elle continue.",
    stopped: "Elle a été arrêtée. Ce qui est fait reste fait.",
    done: "Tout a été parcouru.",
    failed: "Elle n’a pas pu continuer.",
  },
  touched: {
    retry: (count) =>
      counted("fr", count, { one: "# essayée maintenant", other: "# essayées maintenant" }),
    cancel: (count) => counted("fr", count, { one: "# annulée", other: "# annulées" }),
    requeue: (count) =>
      counted("fr", count, { one: "# remise en attente", other: "# remises en attente" }),
    resend: (count) => counted("fr", count, { one: "# renvoyée", other: "# renvoyées" }),
    replay: (count) => counted("fr", count, { one: "# rejoué", other: "# rejoués" }),
    "retry-runs": (count) => counted("fr", count, { one: "# relancée", other: "# relancées" }),
    "cancel-runs": (count) => counted("fr", count, { one: "# annulée", other: "# annulées" }),
  },
  matched: (count) => counted("fr", count, { one: "sur # concernée", other: "sur # concernées" }),
  passedOver: (count) =>
    counted("fr", count, {
      one: "# laissée telle quelle",
      other: "# laissées telles quelles",
    }),
  passedOverAbout:
    "Elles étaient en cours d’envoi, leur état ne le permettait pas, ou leurs octets sont effacés.",
  stop: "Arrêter",
  stopAsk: "Arrêter cette action ?",
  stopAbout: "Ce qui est fait reste fait. Le reste demeure tel quel.",
  stopped: "L’action est arrêtée.",
  undo: "Défaire",
  undoAsk: "Remettre en attente ce qui a été annulé ?",
  undoAbout: (count) =>
    counted("fr", count, {
      one: "# livraison attend à nouveau, avec tous ses essais.",
      other: "# livraisons attendent à nouveau, avec tous leurs essais.",
    }),
  undoNone: "Rien de cela n’est encore annulé.",
  facts: {
    title: "Ce que c’est",
    filter: "Lesquelles",
    all: "toutes",
    forwarder: "Avec le transfert",
    rate: "Au plus",
    perSecond: (rate) => `${rate} par seconde`,
    reason: "Pourquoi",
    by: "Lancée par",
    began: "Début",
    ended: "Fin",
  },
  selected: (count) => counted("fr", count, { one: "# désignée", other: "# désignées" }),
  show: "Voir ces livraisons",
  showRuns: "Voir ces exécutions",
  showCancelled: "Voir ce qu’elle a annulé",
};
