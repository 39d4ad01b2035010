/** Speaks with the shop's page, if the widget opened this page in it. */
const address = new URLSearchParams(location.search);
/** The site of the shop's page; empty outside the widget. */
const site = window.parent === window ? "" : (address.get("widget") ?? "");

export const isEmbedded = Boolean(site);

/** Tell the shop's page of an event; nobody but that site can read it. */
export function tellPage(event, detail = {}) {
  if (site) window.parent.postMessage({ type: `lookbook:${event}`, detail }, site);
}

/** Follow what the shop's page says: `lookbook:colours` and `lookbook:show`. */
export function followPage({ onColours, onShow }) {
  if (!site) return;
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || origin !== site) return;
    if (data?.type === "lookbook:colours") onColours(data.detail);
    if (data?.type === "lookbook:show") onShow();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) tellPage("close");
  });
  tellPage("ready");
}
