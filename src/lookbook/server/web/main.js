/** Opens the page: the shop's name, colours and texts, then the conversation. */
import { App } from "./app.js";
import { getShop } from "./api.js";
import { ask, loadFacets, shop, showShared } from "./conversation.js";
import { followPage } from "./embed.js";
import { language, loadTexts } from "./i18n.js";
import { followHistory, visit } from "./store.js";
import { dialog, html, render } from "./ui.js";

const rules = (colours) =>
  `:root { ${Object.entries(colours).map(([name, value]) => `--${name.replace("_", "-")}: ${value};`).join(" ")} }`;

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

function setColours(colours, dark) {
  sheet.replaceSync(`${rules(colours)} @media (prefers-color-scheme: dark) { ${rules(dark)} }`);
}

/** Show the outfit of the address, once. */
function showLinked() {
  const [, ids] = location.hash.match(/^#outfit=(.+)$/) ?? [];
  if (!ids) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  showShared(ids.split(",").map(decodeURIComponent));
}

const NONE = {
  name: document.title, logo: "", colours: {}, colours_dark: {}, languages: ["en"], items: [],
  messages: {}, replies: {}, texts: {}, token: "", feedback: false,
};

async function open() {
  const page = await getShop().catch(() => NONE);
  shop.set(page);
  setColours(page.colours, page.colours_dark);
  await loadTexts(page);
  followHistory((isOther) => {
    if (!history.state.dialog) dialog.set(null);
    const waiting = isOther && visit.get().turns.find((turn) => turn.status === "waiting");
    if (waiting) ask(waiting.id);
  });
  document.getElementById("app").replaceChildren();
  render(html`<${App} />`, document.getElementById("app"));
  language.follow(loadFacets);
  loadFacets();
  showLinked();
  addEventListener("hashchange", showLinked);
  followPage({
    onColours: ({ light = {}, dark = {} }) =>
      setColours({ ...page.colours, ...known(light) }, { ...page.colours_dark, ...known(dark) }),
    onShow: () => document.getElementById("message").focus(),
  });
}

const NAMES = ["paper", "card", "ink", "soft", "line", "accent", "on_accent"];
/** Keep what are colours. */
const known = (colours) =>
  Object.fromEntries(NAMES.map((name) => [name, colours[name]]).filter(([, value]) => CSS.supports("color", value ?? "")));

open();
