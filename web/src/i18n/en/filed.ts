import { counted } from "../plural";

/** What pages of forms, submissions and cases say alike. */
export const filed = {
  yes: "yes",
  no: "no",
  none: "no answer",
  positions: (count: number) => counted("en", count, { one: "# position", other: "# positions" }),
  entries: (count: number) => counted("en", count, { one: "# entry", other: "# entries" }),
  entry: (number: number) => `Entry ${number}`,
  accuracy: (metres: string) => `± ${metres} m`,
  condition: {
    title: "With a condition",
    field: "Field",
    asked: "What is asked",
    value: "Value",
    add: "Add",
  },
  asked: {
    "=": "is",
    "!=": "is not",
    "~": "contains",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    present: "is answered",
    absent: "is not answered",
  },
  export: "Export",
  formats: { xlsx: "XLSX, for Excel", csv: "CSV, for tables", geojson: "GeoJSON, for maps" },
  deliveries: "Deliveries",
  noDeliveries: "Nothing was sent on because of it.",
  moreDeliveries: "All deliveries",
  erase: {
    action: "Erase…",
    now: "Erase for good",
    nothing: "Nothing of it is left to erase.",
    done: "It is erased for good.",
    beingSent:
      "Some of it is being sent at this moment and is still there. Erase again in a while.",
  },
};
