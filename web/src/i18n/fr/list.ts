import { counted } from "../plural";
import type { Words } from "../words";

export const list: Words["list"] = {
  loading: "Chargement…",
  end: "C’est tout.",
  lookedAt: "Établie",
  standsStill: ". Cette liste ne bouge pas : elle ne suit pas ce qui arrive.",
  lookAgain: "Regarder à nouveau",
  newRows: (count) => counted("fr", count, { one: "# nouveau", other: "# nouveaux" }),
  selectLoaded: "Sélectionner toutes les lignes chargées",
  selectRow: (name) => `Sélectionner ${name}`,
  selected: (count) => counted("fr", count, { one: "# sélectionné", other: "# sélectionnés" }),
  selectAllThatMatch: "Sélectionner tout ce qui correspond",
  allThatMatch: (count) => `Les ${count} qui correspondent sont sélectionnés`,
  allThatMatchUncounted: "Tout ce qui correspond est sélectionné",
  clearSelection: "Annuler la sélection",
  filter: "Filtrer",
  remove: (filter) => `Retirer le filtre : ${filter}`,
  clearFilters: "Tout effacer",
  searchedUntil: "Cherché jusqu’au",
  searchOn: "Chercher plus loin",
  columns: "Colonnes",
  search: "Rechercher",
  span: "Jusqu’à quand remonter",
  anyTime: "tout",
  any: "tous",
  last: {
    "1h": "dernière heure",
    "24h": "dernières 24 h",
    "7d": "7 derniers jours",
    "30d": "30 derniers jours",
  },
};
