import { counted } from "../plural";
import type { Words } from "../words";

export const filed: Words["filed"] = {
  yes: "oui",
  no: "non",
  none: "sans réponse",
  positions: (count) => counted("fr", count, { one: "# position", other: "# positions" }),
  entries: (count) => counted("fr", count, { one: "# entrée", other: "# entrées" }),
  entry: (number) => `Entrée ${number}`,
  accuracy: (metres) => `± ${metres} m`,
  condition: {
    title: "Avec une condition",
    field: "Champ",
    asked: "Ce qui est demandé",
    value: "Valeur",
    add: "Ajouter",
  },
  asked: {
    "=": "est",
    "!=": "n’est pas",
    "~": "contient",
    "<": "est inférieur à",
    "<=": "est au plus",
    ">": "est supérieur à",
    ">=": "est au moins",
    present: "a une réponse",
    absent: "n’a pas de réponse",
  },
  export: "Exporter",
  formats: {
    xlsx: "XLSX, pour Excel",
    csv: "CSV, pour les tableaux",
    geojson: "GeoJSON, pour les cartes",
  },
  deliveries: "Livraisons",
  noDeliveries: "Rien n’a encore été transmis pour cela.",
  moreDeliveries: "Toutes les livraisons",
  erase: {
    action: "Effacer…",
    now: "Effacer définitivement",
    nothing: "Il n’en reste rien à effacer.",
    done: "C’est effacé définitivement.",
    beingSent:
      "Une partie est en cours d’envoi et se trouve encore là. Effacez à nouveau dans un moment.",
  },
};
