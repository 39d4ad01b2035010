/* Opens the assistant in a panel of a shop's page; docs/how-to/page.md has the attributes and events. */
(() => {
  const script = document.currentScript;
  const server = new URL(".", script.src);
  const { position = "right", language = document.documentElement.lang, label } = script.dataset;
  const TEXTS = {
    en: { open: "Need advice?", close: "Close" },
    de: { open: "Beratung?", close: "Schließen" },
    fr: { open: "Besoin d'un conseil ?", close: "Fermer" },
    es: { open: "¿Necesita consejo?", close: "Cerrar" },
  };
  const COLOURS = ["paper", "card", "ink", "soft", "line", "accent", "on_accent"];
  const code = language.slice(0, 2).toLowerCase();
  const texts = TEXTS[code] ?? TEXTS.en;
  const title = label || texts.open;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { --accent: var(--lookbook-accent, #a0431c); --on: var(--lookbook-on-accent, #fff);
      --paper: var(--lookbook-paper, #faf7f2); --ink: var(--lookbook-ink, #221d19); all: initial; }
    button { font: 600 15px/1.2 system-ui, sans-serif; cursor: pointer; border: 0; }
    button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
    .open { position: fixed; z-index: 2147483000; bottom: 20px; ${position === "left" ? "left" : "right"}: 20px;
      min-height: 52px; padding: 0 24px; border-radius: 99px; background: var(--accent); color: var(--on);
      box-shadow: 0 8px 28px rgb(0 0 0 / .22); }
    dialog { position: fixed; inset: auto 20px 20px auto; margin: 0; border: 0; padding: 0; overflow: hidden;
      width: 430px; height: min(760px, 100dvh - 40px); max-width: none; max-height: none; border-radius: 22px;
      background: var(--paper); box-shadow: 0 20px 70px rgb(0 0 0 / .32); }
    ${position === "left" ? "dialog { inset: auto auto 20px 20px; }" : ""}
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(0 0 0 / .25); }
    .head { display: flex; align-items: center; padding: 6px 6px 6px 18px; color: var(--ink);
      font: 500 17px/1.2 system-ui, sans-serif; }
    .head span { flex: 1; }
    .close { width: 40px; height: 40px; border-radius: 50%; background: none; color: var(--ink); font-size: 22px; font-weight: 400; }
    iframe { flex: 1; width: 100%; border: 0; background: var(--paper); }
    @media (max-width: 600px) { dialog { inset: 0; width: 100%; height: 100dvh; border-radius: 0; } }
  `);
  root.adoptedStyleSheets = [style];

  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const button = make("button", { type: "button", className: "open", textContent: title });
  button.setAttribute("aria-haspopup", "dialog");
  const panel = make("dialog", {});
  panel.setAttribute("aria-label", title);
  const head = make("div", { className: "head" });
  const close = make("button", { type: "button", className: "close", textContent: "×" });
  close.setAttribute("aria-label", texts.close);
  const frame = make("iframe", { title, allow: "clipboard-write; web-share" });
  frame.setAttribute(
    "sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox",
  );
  head.append(make("span", { textContent: title }), close);
  panel.append(head, frame);
  root.append(button, panel);

  /** Tell the page of an event; false if the page prevents what follows from it. */
  const dispatch = (name, detail = {}) =>
    document.dispatchEvent(new CustomEvent(`lookbook:${name}`, { detail, cancelable: true }));

  const tell = (name, detail) =>
    frame.contentWindow.postMessage({ type: `lookbook:${name}`, detail }, server.origin);

  /** The shop's colours: CSS variables of the page such as --lookbook-accent. */
  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--lookbook-${name.replace("_", "-")}`).trim();
    return Object.fromEntries(COLOURS.map((name) => [name, value(name)]).filter(([, colour]) => colour));
  }

  function open() {
    if (panel.open) return;
    if (!frame.src) {
      const address = new URL(server);
      address.searchParams.set("widget", location.origin);
      if (TEXTS[code]) address.searchParams.set("language", code);
      frame.src = address;
    }
    panel.showModal();
    frame.focus();
    if (isReady) show();
    dispatch("open");
  }

  let isReady = false;
  function show() {
    const colours = readColours();
    tell("colours", { light: colours, dark: colours });
    tell("show");
  }

  function follow(url) {
    if (/^https?:$/.test(new URL(url).protocol)) location.assign(url);
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== server.origin) return;
    const { type, detail } = data ?? {};
    if (type === "lookbook:ready") {
      isReady = true;
      show();
    } else if (type === "lookbook:close") panel.close();
    else if (type === "lookbook:answer") dispatch("answer", detail);
    else if (type === "lookbook:view-product" && dispatch("view-product", detail)) follow(detail.url);
  });
  button.addEventListener("click", open);
  close.addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => event.target === panel && panel.close());
  panel.addEventListener("close", () => {
    button.focus();
    dispatch("close");
  });
  window.Lookbook = { open, close: () => panel.close() };
  const attach = () => document.body.append(host);
  if (document.body) attach();
  else addEventListener("DOMContentLoaded", attach);
})();
