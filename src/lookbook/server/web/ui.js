/** What every part of the page draws with: Preact, icons, and texts in the customer's language. */
export { html, render, useState, useEffect, useRef, useLayoutEffect, useMemo } from "./vendor/preact.js";
import { html, useEffect, useState } from "./vendor/preact.js";

const PATHS = {
  photo: "M4 8.500a2 2 0 0 1 2-2h2l1.500-2h5l1.500 2h2a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z M12 16a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z",
  send: "M12 19V5 M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
  close: "M6 6l12 12 M18 6L6 18",
  heart: "M12 20s-7.500-4.600-7.500-10.200A4.300 4.300 0 0 1 12 7.300a4.300 4.300 0 0 1 7.500 2.500C19.500 15.400 12 20 12 20z",
  filter: "M4 7h10 M18 7h2 M4 17h4 M12 17h8 M16 5v4 M10 15v4",
  again: "M5 12a7 7 0 1 0 2.300-5.200 M5 4.500v4h4",
  swap: "M7 8h11 M15 5l3 3-3 3 M17 16H6 M9 13l-3 3 3 3",
  share: "M12 14V4 M8.500 7.500L12 4l3.500 3.500 M6 12v6.500a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V12",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  out: "M9 6h9v9 M18 6L7 17",
  zoom: "M11 17a6 6 0 1 0 0-12 6 6 0 0 0 0 12z M20 20l-4.500-4.500 M11 8.500v5 M8.500 11h5",
  edit: "M5 19h3.500L18 9.500 14.500 6 5 15.500z M13 7.500l3.500 3.500",
};

/** Draw an icon; the button around it has the name. */
export const Icon = ({ name }) => html`
  <svg class="icon icon-${name}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"
    fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"
    stroke-linejoin="round"><path d=${PATHS[name]} /></svg>`;

/** A value that components follow: get, set, and a hook. */
export function observable(value) {
  const followers = new Set();
  const self = {
    get: () => value,
    set(next) {
      value = next;
      followers.forEach((follow) => follow());
    },
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
    use() {
      const [, redraw] = useState(0);
      useEffect(() => self.follow(() => redraw((count) => count + 1)), []);
      return value;
    },
  };
  return self;
}

/** Sentences for screen readers. */
export const announcement = observable("");
export const announce = (sentence) => announcement.set(sentence);

/** The open dialog, as {name, ...}; null without one. */
export const dialog = observable(null);

/** Open a dialog; Back closes it. */
export function openDialog(value) {
  if (!dialog.get()) history.pushState({ ...history.state, dialog: true }, "");
  dialog.set(value);
}

/** Close the dialog, and drop its entry of the browser's history. */
export function closeDialog() {
  if (!dialog.get()) return;
  dialog.set(null);
  if (history.state?.dialog) history.back();
}

/** Return an address of the web; an empty text for others, such as scripts. */
export function webAddress(text) {
  try {
    return /^https?:$/.test(new URL(text).protocol) ? text : "";
  } catch {
    return "";
  }
}
