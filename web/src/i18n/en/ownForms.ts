// The words of a project's own forms, and of the roles and people in them, in English.
import { formEditor } from "./formEditor";
import { roles } from "./roles";

export const ownForms = { formEditor, roles };
