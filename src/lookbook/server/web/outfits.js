/** Outfits: pieces side by side, the reason, another piece, and a link to share. */
import { openItem, Photo, Price } from "./cards.js";
import { swapPiece } from "./conversation.js";
import { money, t } from "./i18n.js";
import { announce, html, Icon, openDialog, useState } from "./ui.js";

/** Return the price of all pieces; empty unless each has one, in one currency. */
function total(items) {
  const prices = items.map((item) => item.price);
  if (prices.some((price) => !price || price.currency !== prices[0].currency)) return "";
  return money(prices.reduce((sum, price) => sum + price.amount, 0), prices[0].currency);
}

/** Return an address that shows an outfit to anybody. */
export function linkOf(items) {
  const ids = items.map((item) => encodeURIComponent(item.id)).join(",");
  return `${location.origin}${location.pathname}#outfit=${ids}`;
}

async function share(items) {
  const url = linkOf(items);
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ url, title: document.title });
      return "";
    }
    await navigator.clipboard.writeText(url);
    announce(t("outfit.copied"));
    return t("outfit.copied");
  } catch (error) {
    if (error.name !== "AbortError") openDialog({ name: "share", url });
    return "";
  }
}

function Piece({ item, turn, place, position, onNote }) {
  const [isBusy, setBusy] = useState(false);
  const swap = async () => {
    setBusy(true);
    const problem = await swapPiece(turn, place, position);
    onNote(problem ? t(problem) : "");
    if (problem) announce(t(problem));
    setBusy(false);
  };
  return html`<li class="piece" data-item=${item.id} aria-busy=${String(isBusy)}>
    <button class="open" aria-label=${t("open.item", { title: item.title })}
      onClick=${() => openItem(item, turn.answer.answer_id)}><${Photo} picture=${item.pictures[0]} alt=${item.title} /></button>
    <span class="title">${item.title}</span>
    <${Price} price=${item.price} />
    ${!turn.shared && html`<button class="quiet swap" onClick=${() => isBusy || swap()}
      aria-label=${t("swap.item", { title: item.title })}><${Icon} name="swap" />${t("swap")}</button>`}
  </li>`;
}

function Outfit({ outfit, turn, place }) {
  const [note, setNote] = useState("");
  const name = turn.shared ? t("outfit.shared") : t("outfit", { number: place + 1 });
  const price = total(outfit.items);
  return html`<li><article class="outfit" aria-label=${name}>
    <ul class="pieces">${outfit.items.map((item, position) => html`<${Piece} key=${position} item=${item}
      turn=${turn} place=${place} position=${position} onNote=${setNote} />`)}</ul>
    ${outfit.reason && html`<p class="reason">${outfit.reason}</p>`}
    <p class="outfit-foot"><span class="total">${price && t("outfit.price", { price })}</span>
      <span class="note">${note}</span>
      <button class="quiet share" aria-label=${`${t("outfit.share")}: ${name}`}
        onClick=${async () => setNote(await share(outfit.items))}>
        <${Icon} name="share" />${t("outfit.share")}</button></p>
  </article></li>`;
}

export function Outfits({ turn }) {
  const { outfits } = turn.answer;
  if (!outfits.length) return null;
  const name = turn.shared ? t("outfit.shared") : t("outfits");
  return html`<div class="slot" role="group" aria-label=${name}>
    <h3>${name}</h3>
    <ul class=${`outfits ${outfits.length === 1 ? "single" : ""}`} id="outfits">${outfits.map((outfit, place) =>
      html`<${Outfit} key=${place} outfit=${outfit} turn=${turn} place=${place} />`)}</ul>
  </div>`;
}
