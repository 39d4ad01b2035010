/** An item in full: its photos to swipe and zoom, its data, and what can be done with it. */
import { Follow, Photo, Price, ProductLink, Save, Sizes } from "./cards.js";
import { facets } from "./conversation.js";
import { Dialog } from "./dialog.js";
import { t } from "./i18n.js";
import { labelsOf } from "./labels.js";
import { closeDialog, html, Icon, useRef, useState } from "./ui.js";

function Gallery({ item }) {
  const strip = useRef();
  const [place, setPlace] = useState(0);
  const [isZoomed, zoom] = useState(false);
  const { pictures, title } = item;
  const count = pictures.length;
  const follow = ({ target }) => setPlace(Math.round(target.scrollLeft / target.clientWidth));
  const go = (number) => strip.current.scrollTo({ left: number * strip.current.clientWidth });
  if (!count) return html`<div class="gallery"><${Photo} /></div>`;
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || isZoomed || count < 2) return;
    event.preventDefault();
    go(Math.min(Math.max(place + step, 0), count - 1));
  };
  const name = (number) => t("picture", { number: number + 1, count });
  if (isZoomed) {
    return html`<div class="gallery"><div class="zoomed" tabindex="0" role="group" aria-label=${title}
      onClick=${() => zoom(false)}><img src=${pictures[place].large} alt=${title} /></div>
      <button class="round zoom" aria-pressed="true" aria-label=${t("zoom")} onClick=${() => zoom(false)}>
        <${Icon} name="close" /></button></div>`;
  }
  return html`<div class="gallery">
    <ul class="strip" ref=${strip} tabindex="0" aria-label=${title} onScroll=${follow} onKeyDown=${keys}>
      ${pictures.map((picture, number) => html`<li onClick=${() => zoom(true)}>
        <${Photo} picture=${picture} size="large" eager=${number === 0}
          alt=${count > 1 ? `${title}, ${name(number)}` : title} /></li>`)}</ul>
    <button class="round zoom" aria-pressed="false" aria-label=${t("zoom")} onClick=${() => zoom(true)}>
      <${Icon} name="zoom" /></button>
    ${count > 1 && html`<div class="dots-row">${pictures.map((_, number) => html`<button
      aria-label=${name(number)} aria-current=${String(number === place)} onClick=${() => go(number)} />`)}</div>`}
  </div>`;
}

function Facts({ attributes }) {
  facets.use();
  return html`<dl class="facts-list">${labelsOf(attributes).map(([label, shown]) =>
    html`<div><dt>${label}</dt><dd>${shown.join(", ")}</dd></div>`)}</dl>`;
}

export function ItemDialog({ item, answer }) {
  return html`<${Dialog} name="item" title=${item.title}>
    <div class="item-grid">
      <${Gallery} item=${item} />
      <div class="item-data">
        ${item.brand && html`<p class="eyebrow brand">${item.brand}</p>`}
        <p class="offer large"><${Price} price=${item.price} /> <${Sizes} item=${item} most=${30} /></p>
        ${item.why && html`<p class="why">${item.why}</p>`}
        <${ProductLink} item=${item} answer=${answer} class="to-shop button" />
        <div class="item-actions"><${Follow} item=${item} onFollow=${closeDialog} /><${Save} item=${item} /></div>
        <p class="description">${item.description}</p>
        <${Facts} attributes=${item.attributes} />
      </div>
    </div>
  <//>`;
}
