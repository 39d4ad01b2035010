/** The page: header, the stream of turns, the composer, and the open dialog. */
import { Composer } from "./composer.js";
import { showPhoto, shop, stop } from "./conversation.js";
import { EditDialog } from "./editor.js";
import { isEmbedded } from "./embed.js";
import { FilterDialog } from "./filters.js";
import { language, languageName, setLanguage, t } from "./i18n.js";
import { ItemDialog } from "./item.js";
import { SavedDialog, ShareDialog } from "./saved.js";
import { saved, startOver, visit } from "./store.js";
import { Turn } from "./turn.js";
import { announcement, dialog, html, Icon, openDialog, useEffect, useState } from "./ui.js";
import { Welcome } from "./welcome.js";

const DIALOGS = {
  item: ItemDialog, filters: FilterDialog, saved: SavedDialog, edit: EditDialog, share: ShareDialog,
};

const imageOf = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));

/** Take photos that are pasted or dropped anywhere. */
function usePhotos() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const take = (event) => {
      const data = event.clipboardData ?? event.dataTransfer;
      const file = imageOf(data) ?? (event.type === "drop" ? data?.files[0] : null);
      setOver(false);
      if (!file) return;
      event.preventDefault();
      showPhoto(file);
    };
    const over = (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event) => event.relatedTarget || setOver(false);
    const followed = { paste: take, drop: take, dragover: over, dragleave: leave };
    Object.entries(followed).forEach(([name, run]) => addEventListener(name, run));
    return () => Object.entries(followed).forEach(([name, run]) => removeEventListener(name, run));
  }, []);
  return isOver;
}

function Header() {
  const page = shop.use();
  const count = saved.use().length;
  const hasTurns = visit.use().turns.length > 0;
  const restart = () => {
    stop();
    startOver();
    scrollTo(0, 0);
    document.getElementById("message").focus();
  };
  const name = page.logo ? html`<img src=${page.logo} alt=${page.name} height="28" />` : page.name;
  return html`<header class="bar">
    <p class="name">${isEmbedded ? "" : name}</p>
    ${hasTurns && html`<button class="plain" id="clear" onClick=${restart}>
      <${Icon} name="again" /><span class="wide">${t("start.over")}</span>
      <span class="narrow-name">${t("start.over")}</span></button>`}
    <button class="plain" id="saved" onClick=${() => openDialog({ name: "saved" })}>
      <${Icon} name="heart" /><span class="wide">${t("saved")}</span>
      <span class="narrow-name">${t("saved")}</span>${count > 0 && html` <b>${count}</b>`}</button>
    ${page.languages.length > 1 && html`<select class="plain" id="language"
      aria-label=${t("language")} onChange=${(event) => setLanguage(event.target.value)}>
      ${page.languages.map((code) => html`<option value=${code} lang=${code}
        selected=${code === language.get()}>${languageName(code)}</option>`)}
    </select>`}
  </header>`;
}

export function App() {
  language.use();
  const { turns } = visit.use();
  const open = dialog.use();
  const isOver = usePhotos();
  const Dialog = DIALOGS[open?.name];
  useEffect(() => {
    history.scrollRestoration = "manual";
    if (turns.length > 1) document.querySelector(".turn.last").scrollIntoView();
  }, []);
  const skip = (event) => {
    event.preventDefault();
    document.getElementById("message").focus();
  };
  return html`
    <a class="skip" href="#message" onClick=${skip}>${t("skip")}</a>
    <${Header} />
    <main>
      <h1 class=${turns.length ? "hidden" : "greeting"}>${t("greeting")}</h1>
      ${turns.length === 0 && html`<${Welcome} />`}
      ${turns.length > 0 && html`<ol class="turns" aria-label=${t("conversation")}>
        ${turns.map((turn, place) => html`<${Turn} key=${turn.id} turn=${turn}
          isLast=${place === turns.length - 1} />`)}
      </ol>`}
    </main>
    <${Composer} />
    ${Dialog && html`<${Dialog} ...${open} />`}
    ${isOver && html`<div class="drop" aria-hidden="true"><p>${t("photo.drop")}</p></div>`}
    <${Announcement} />`;
}

const Announcement = () =>
  html`<div class="hidden" role="status" aria-live="polite">${announcement.use()}</div>`;
