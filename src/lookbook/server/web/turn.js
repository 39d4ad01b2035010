/** A turn of the conversation: what the customer says or shows, and the answer. */
import { Card } from "./cards.js";
import { ask, facets, setRecipient, shop, showMore } from "./conversation.js";
import { t } from "./i18n.js";
import { labelsOf } from "./labels.js";
import { Outfits } from "./outfits.js";
import { bySlot } from "./requests.js";
import { visit } from "./store.js";
import { html, Icon, openDialog, useEffect, useRef } from "./ui.js";

const RECIPIENTS = ["Women", "Men", "Unisex"];

function Said({ turn }) {
  const { start, shows, label } = turn;
  const thumbnail = shows && start?.thumbnail;
  return html`<div class="said">
    <h2 class="hidden">${t("said")}</h2>
    ${shows && start && (thumbnail
      ? html`<img class="shown" src=${thumbnail} alt=${start.title} />`
      : html`<span class="shown photo-none">${t("picture.none")}</span>`)}
    ${label && html`<p class="bubble">${label}</p>`}
  </div>`;
}

/** List the values of a photo that its title does not say, each once. */
function factsOf({ attributes, title }) {
  const labels = labelsOf(attributes).flatMap(([, shown]) => shown);
  const isNew = (label) => !title.toLowerCase().includes(label.toLowerCase());
  return [...new Set(labels)].filter(isNew);
}

function Seen({ turn }) {
  facets.use();
  const { seen } = turn.answer;
  if (!seen?.photo_id || !turn.shows) return null;
  return html`<div class="seen" id="seen">
    <p><span class="eyebrow">${t("seen")}</span> <b>${seen.title}</b>
      <span class="facts">${factsOf(seen).join(" · ")}</span></p>
    <button class="quiet" onClick=${() => openDialog({ name: "edit", turn: turn.id })}>
      <${Icon} name="edit" />${t("seen.change")}</button>
  </div>`;
}

function Recipient({ turn, isLast }) {
  const { recipient } = visit.use();
  const guess = turn.answer.needs.recipient;
  const chosen = isLast ? recipient : null;
  if (!isLast || (!guess && !chosen)) return null;
  return html`<div class="recipient" id="recipient" role="group" aria-label=${t("recipient")}>
    <span>${t("recipient")}</span>
    ${RECIPIENTS.map((value) => html`<button class=${`chip ${value === guess && !chosen ? "guess" : ""}`}
      aria-pressed=${String(value === chosen)} data-recipient=${value}
      onClick=${() => setRecipient(turn, value)}>${t(`recipient.${value}`)}${value === guess && !chosen
        && html`<span class="hidden"> (${t("recipient.guess")})</span>`}</button>`)}
  </div>`;
}

function Items({ turn }) {
  const groups = bySlot(turn.answer.items);
  const isOne = groups.length === 1;
  return groups.map((items) => {
    const { slot, slot_label } = items[0];
    const name = slot_label || facets.get()?.slots?.[slot] || t("items");
    return html`<div class="slot" role="group" aria-label=${name}>
      <h3>${name}</h3>
      <ul class=${isOne ? "cards all" : "cards row"} tabindex=${isOne ? null : "-1"}>
        ${items.map((item) => html`<li key=${item.id}>
          <${Card} item=${item} answer=${turn.answer.answer_id} /></li>`)}</ul>
    </div>`;
  });
}

/** Show a reply; lines that begin with a dash are a list. */
function Reply({ text }) {
  const lines = text.split("\n").filter((line) => line.trim());
  const isPoint = (line) => line.startsWith("- ");
  const first = lines.findIndex(isPoint);
  if (first < 0) return html`<p>${text}</p>`;
  const rest = lines.slice(first);
  return html`
    ${first > 0 && html`<p>${lines.slice(0, first).join("\n")}</p>`}
    <ul>${rest.filter(isPoint).map((line) => html`<li>${line.slice(2)}</li>`)}</ul>
    ${rest.filter((line) => !isPoint(line)).map((line) => html`<p>${line}</p>`)}`;
}

function Answer({ turn, isLast }) {
  const { answer, reply, status } = turn;
  const isEmpty = !answer.items.length && !answer.outfits.length && !reply && status === "done";
  return html`<${Seen} turn=${turn} />
    <div class=${`reply ${status === "waiting" && !reply ? "coming" : ""}`}>
      ${reply && html`<${Reply} text=${reply} />`}
      ${isEmpty && html`<p>${t(turn.shared ? "outfit.gone" : "items.none")}</p>`}
    </div>
    <${Recipient} turn=${turn} isLast=${isLast} />
    <${Outfits} turn=${turn} />
    <${Items} turn=${turn} />
    ${turn.next && html`<button class="chip more" onClick=${() => showMore(turn)}>${t("more")}</button>`}`;
}

function Waiting({ turn }) {
  const isPhoto = turn.shows && turn.start?.name;
  return html`<div class="waiting">
    <p><span class="dots" aria-hidden="true"><i /><i /><i /></span> ${t(isPhoto ? "waiting.photo" : "waiting")}</p>
    <div class="ghosts" aria-hidden="true"><i /><i /><i /><i /></div></div>`;
}

export function Turn({ turn, isLast }) {
  const element = useRef();
  facets.use();
  shop.use();
  useEffect(() => {
    // A new turn begins at the top, with room for its answer below.
    if (isLast && (turn.status === "waiting" || turn.shared)) {
      element.current.scrollIntoView({ block: "start" });
    }
  }, []);
  const isWaiting = turn.status === "waiting";
  return html`<li class=${`turn ${isLast ? "last" : ""} ${isWaiting ? "is-waiting" : ""}`}
    ref=${element} aria-busy=${String(isWaiting)}>
    ${(turn.label || turn.shows) && html`<${Said} turn=${turn} />`}
    <div class="answer">
      <h2 class="hidden">${t("answer")}</h2>
      ${turn.answer ? html`<${Answer} turn=${turn} isLast=${isLast} />` : isWaiting && html`<${Waiting} turn=${turn} />`}
      ${turn.status === "failed" && html`<div class="problem" role="alert">
        ${turn.error !== "stopped" && html`<p>${t(turn.error)}</p>`}
        <button class="chip" onClick=${() => ask(turn.id)}><${Icon} name="again" />${t("retry")}</button></div>`}
    </div></li>`;
}
