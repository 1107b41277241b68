// The words of a project's own forms, and of the roles and people in them, in French.
import type { OwnFormAreas } from "../ownForms";
import { formEditor } from "./formEditor";
import { roles } from "./roles";

export const ownForms: OwnFormAreas = { formEditor, roles };
