/** An item as a card: photos, title, price, sizes, the shop's page, and what can be done with it. */
import { feedback, followItem } from "./conversation.js";
import { isEmbedded, tellPage } from "./embed.js";
import { money, t } from "./i18n.js";
import { saved, toggleSaved, update } from "./store.js";
import { html, Icon, openDialog, useState, webAddress } from "./ui.js";

/** Draw a photo in a box that has its size before the photo is there. */
export const Photo = ({ picture, alt, size = "thumbnail", eager = false }) =>
  picture
    ? html`<img class="photo" src=${picture[size]} alt=${alt} loading=${eager ? "eager" : "lazy"}
        decoding="async" draggable=${false} />`
    : html`<span class="photo photo-none">${t("picture.none")}</span>`;

/** Show an item in full. */
export function openItem(item, answer) {
  update({ chosen: item.id });
  openDialog({ name: "item", item, answer });
}

export function Price({ price }) {
  if (!price) return null;
  const now = money(price.amount, price.currency, price.text);
  if (price.regular == null) return html`<span class="price"><b>${now}</b></span>`;
  const regular = money(price.regular, price.currency);
  return html`<span class="price sale">
    <span class="hidden">${t("price.now", { price: now })}, ${t("price.regular", { price: regular })}</span>
    <b aria-hidden="true">${now}</b> <s aria-hidden="true">${regular}</s></span>`;
}

export function Sizes({ item, most = 8 }) {
  const sizes = item.sizes.slice(0, most);
  if (item.in_stock === false) return html`<span class="stock">${t("sold.out")}</span>`;
  if (!sizes.length) return null;
  return html`<span class="sizes"><span class="hidden">${t("sizes")}:</span>
    ${sizes.map((size) => size.available
      ? html`<span class="size">${size.name}</span> `
      : html`<s class="size">${size.name}<span class="hidden"> (${t("size.sold.out")})</span></s> `)}
    ${item.sizes.length > most && "…"}</span>`;
}

/** A link to the shop's page; the widget opens it in the shop's own window. */
export function ProductLink({ item, answer, class: name = "to-shop" }) {
  const url = webAddress(item.url);
  if (!url) return null;
  const follow = (event) => {
    feedback(answer, "clicked", [item.id]);
    tellPage("view-product", { item_id: item.id, url });
    if (isEmbedded) event.preventDefault();
  };
  return html`<a class=${name} href=${url} target="_blank" rel="noopener noreferrer" onClick=${follow}
    aria-label=${t("view.product.item", { title: item.title })}>${t("view.product")}<${Icon} name="out" /></a>`;
}

export function Save({ item }) {
  const isSaved = saved.use().includes(item.id);
  return html`<button class="heart" aria-pressed=${String(isSaved)}
    aria-label=${t("save", { title: item.title })} onClick=${() => toggleSaved(item.id)}>
    <${Icon} name="heart" /></button>`;
}

/** Buttons that go on from an item. */
export function Follow({ item, onFollow }) {
  const follow = (isSimilar) => () => {
    onFollow?.();
    followItem(item, isSimilar);
  };
  return html`<div class="follow">
    <button class="quiet goes-with" aria-label=${t("goes.with.item", { title: item.title })}
      onClick=${follow(false)}>${t("goes.with")}</button>
    <button class="quiet more-like" aria-label=${t("similar.item", { title: item.title })}
      onClick=${follow(true)}>${t("similar")}</button></div>`;
}

/** The main photo, and the others on hover or by the arrow keys. */
function Photos({ item, onOpen }) {
  const [place, show] = useState(0);
  const { pictures } = item;
  const turn = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || pictures.length < 2) return;
    event.preventDefault();
    show((place + step + pictures.length) % pictures.length);
  };
  const over = (number) => (event) =>
    event.pointerType === "mouse" && pictures.length > 1 && show(number);
  return html`<button class="open" aria-label=${t("open.item", { title: item.title })} onClick=${onOpen}
    onKeyDown=${turn} onPointerEnter=${over(1)} onPointerLeave=${over(0)}>
    <${Photo} picture=${pictures[place]} alt=${item.title} />
    ${pictures.length > 1 && html`<span class="dots-of" aria-hidden="true">
      ${pictures.slice(0, 6).map((_, number) => html`<i class=${number === place ? "on" : ""} />`)}</span>`}
  </button>`;
}

export function Card({ item, answer, onFollow }) {
  return html`<article class="card" data-item=${item.id}>
    <div class="card-photo"><${Photos} item=${item} onOpen=${() => openItem(item, answer)} />
      <${Save} item=${item} /></div>
    <p class="title">${item.title}</p>
    <p class="offer"><${Price} price=${item.price} /> <${Sizes} item=${item} most=${5} /></p>
    <div class="card-actions"><${ProductLink} item=${item} answer=${answer} />
      <${Follow} item=${item} onFollow=${onFollow} /></div>
  </article>`;
}
