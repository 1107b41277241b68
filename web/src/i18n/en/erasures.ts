import { counted } from "../plural";

export const erasures = {
  title: "Erasing a person",
  about:
    "Erases at once, and for good, all that the hub keeps about somebody: messages with all their versions and repetitions, deliveries and attempts. What is left still counts, and tells of nobody.",
  by: "Known by",
  criteria: {
    identity: "identity of a message",
    key: "case or form id",
    message: "id of a message",
  },
  criteriaAbout: {
    identity: "What the sender calls the submission, such as uuid:6bb1eb0e-…",
    key: "What deliveries are about.",
    message: "For somebody who is only mentioned inside a message: the message that does so.",
  },
  value: "Name or id",
  preview: "See what would be erased",
  previewTitle: "What would be erased",
  nothing: "Nothing is kept under this name. Is it written exactly?",
  messages: "Messages",
  deliveries: "Deliveries",
  attempts: "Attempts",
  cancelled: "Waiting deliveries, cancelled first",
  beingSent: (count: number) =>
    counted("en", count, {
      one: "# delivery is being sent at this moment. Its message is still there: erase again in a while.",
      other:
        "# deliveries are being sent at this moment. Their messages are still there: erase again in a while.",
    }),
  typeToErase: (value: string) => `Type ${value} to erase it for good`,
  erase: "Erase for good",
  erased:
    "It is erased. The entry in the book below shows that it was done, and of whom it keeps only a digest.",
  book: "What was erased",
  bookEmpty: "Nobody was erased yet.",
  at: "When",
  startedBy: "By",
  digest: "Digest of the name (SHA-256)",
};
