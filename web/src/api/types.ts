// The nouns of the API by their own names.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Attempt = Schemas["Attempt"];
export type ConnectionHealth = Schemas["ConnectionHealth"];
export type AttemptErrorKind = Schemas["AttemptErrorKind"];
export type BulkAction = Schemas["BulkAction"];
export type BulkKind = Schemas["BulkKindName"];
/** What can be done with a delivery. */
export type Deed = Schemas["ActionName"];
export type Delivery = Schemas["Delivery"];
export type DeliveryDetails = Schemas["DeliveryDetails"];
export type DeliveryFilter = Schemas["DeliveryFilter"];
export type DeliveryOrigin = Schemas["DeliveryOriginName"];
export type DeliveryPreview = Schemas["Preview"];
export type DeliverySort = Schemas["DeliverySortName"];
export type DeliveryState = Schemas["DeliveryStateName"];
export type Explanation = Schemas["Explanation"];
export type Incident = Schemas["Incident"];
export type Lane = Schemas["Lane"];
export type IncidentWithNotices = Schemas["IncidentWithNotices"];
export type Pause = Schemas["Pause"];
export type ProjectMap = Schemas["Map"];
export type MapEdge = Schemas["MapEdge"];
export type MapNode = Schemas["MapNode"];
export type Message = Schemas["Message"];
export type MessageState = Schemas["MessageStateName"];
export type MessageRequest = Schemas["MessageRequest"];
export type Overview = Schemas["Overview"];
export type Project = Schemas["Project"];
export type SourceHealth = Schemas["SourceHealth"];
export type Timeline = Schemas["Timeline"];
export type TimelineDelivery = Schemas["TimelineDelivery"];
export type Traffic = Schemas["Traffic"];
export type TrafficKind = Schemas["TrafficKindName"];
export type TrafficStep = Schemas["TrafficStepName"];
export type WaitReason = Schemas["WaitReasonName"];

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
  /** Of a search that looks at one item after the other: how far it came. */
  searched_until?: string | null;
}
