// Whether single letters act, as the reader has it on this device.
import { useSyncExternalStore } from "react";

const KEY = "fieldpost-single-keys";
const OFF = "off";

let areOn = readIsOn();
const watchers = new Set<() => void>();

function readIsOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== OFF;
  } catch {
    return true;
  }
}

export const areSingleKeysOn = (): boolean => areOn;

export function turnSingleKeys(on: boolean): void {
  areOn = on;
  try {
    if (on) {
      localStorage.removeItem(KEY);
    } else {
      localStorage.setItem(KEY, OFF);
    }
  } catch {
    // Where storage is forbidden the choice lasts as long as the page.
  }
  for (const watcher of watchers) {
    watcher();
  }
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export const useSingleKeys = (): boolean => useSyncExternalStore(watch, areSingleKeysOn);
