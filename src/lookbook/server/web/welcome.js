/** What a new visit offers: items and messages to start with. */
import { followItem, say, shop } from "./conversation.js";
import { ofShop, t } from "./i18n.js";
import { html } from "./ui.js";
import { Photo } from "./cards.js";

export function Welcome() {
  const { items } = shop.use();
  const messages = ofShop("messages");
  const shown = items.filter((item) => item.pictures.length);
  return html`<div class="welcome">
    <p class="lead">${t("welcome")}</p>
    ${shown.length > 0 && html`
      <h2 class="eyebrow">${t("examples")}</h2>
      <ul class="examples" id="examples">${shown.map((item) => html`<li>
        <button class="example" aria-label=${t("start.with", { title: item.title })}
          onClick=${() => followItem(item)}><${Photo} picture=${item.pictures[0]} alt="" eager=${true} />
        </button></li>`)}</ul>`}
    ${messages.length > 0 && html`<ul class="chips messages">${messages.map((message) => html`<li>
      <button class="chip" onClick=${() => say(message)}>${message}</button></li>`)}</ul>`}
  </div>`;
}
