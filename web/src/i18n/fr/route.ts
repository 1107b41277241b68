import { counted } from "../plural";
import type { Words } from "../words";

export const route: Words["route"] = {
  received: "reçu",
  decoded: "lu",
  matched: "trié",
  kept: "conservé",
  duplicate: "doublon",
  quarantined: "illisible",
  matches: (wanted, of) => `${wanted} sur ${of}`,
  nobody: "voulu par aucun",
  tries: (count) => counted("fr", count, { one: "# essai", other: "# essais" }),
  next: (when) => `prochain essai ${when}`,
  now: "envoi en cours",
  more: (count) => counted("fr", count, { one: "# autre", other: "# autres" }),
  because: {
    order: "attend son tour",
    "paused-project": "le projet est en pause",
    "paused-connection": "la connexion est en pause",
    "paused-forwarder": "le transfert est en pause",
    "paused-hub": "l’envoi est suspendu un moment",
    "left-alone": "la destination est laissée tranquille un moment",
    rate: "attend que le débit le permette",
  },
  way: "Le parcours du message",
};
