// The nouns of the API by their own names.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Attempt = Schemas["Attempt"];
export type ConnectionHealth = Schemas["ConnectionHealth"];
export type Delivery = Schemas["Delivery"];
export type DeliveryState = Schemas["DeliveryStateName"];
export type Explanation = Schemas["Explanation"];
export type Incident = Schemas["Incident"];
export type Lane = Schemas["Lane"];
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
}
