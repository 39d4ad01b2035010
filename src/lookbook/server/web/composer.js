/** What the customer writes with: message, photo, filters and suggestions. */
import { facets, say, shop, showPhoto, stop } from "./conversation.js";
import { countFilters } from "./filters.js";
import { ofShop, t } from "./i18n.js";
import { update, visit } from "./store.js";
import { html, Icon, openDialog, useEffect, useRef, useState } from "./ui.js";

const MOST_CHARACTERS = 1000;

/** Whether items are for women or for men in this catalogue. */
function hasRecipients() {
  const names = (facets.get()?.attributes ?? []).flatMap(({ values }) => values.map((one) => one.name));
  return names.includes("Women") && names.includes("Men");
}

/** Return the replies that make sense after the last answer. */
function repliesTo(turn, { recipient }) {
  const answer = turn?.status === "done" && turn.answer;
  if (!answer || !answer.items.length || !answer.request) return [];
  const replies = answer.items.some((item) => item.price) ? [t("reply.cheaper")] : [];
  replies.push(...ofShop("replies"));
  if (hasRecipients() && !answer.needs.recipient && !recipient) {
    const known = [answer.request.recipients, Object.values(answer.seen?.attributes ?? {})].flat();
    if (!known.includes("Women")) replies.push(t("reply.women"));
    if (!known.includes("Men")) replies.push(t("reply.men"));
  }
  return replies;
}

function Context() {
  const { start } = visit.use();
  if (!start) return null;
  const { title, thumbnail } = start;
  return html`<div class="context" id="context">
    ${thumbnail ? html`<img src=${thumbnail} alt="" />` : html`<${Icon} name="photo" />`}
    <span class="hidden">${t("about", { title })}</span>
    <button type="button" class="plain" aria-label=${t("about.remove", { title })}
      onClick=${() => update({ start: null })}><${Icon} name="close" /></button></div>`;
}

function Suggestions() {
  const now = visit.use();
  facets.use();
  shop.use();
  const count = countFilters(now);
  const replies = repliesTo(now.turns[now.turns.length - 1], now);
  const name = count ? t("filters.count", { count }) : t("filters");
  return html`<div class="suggestions" role="group" aria-label=${t("replies")}>
    <${Context} />
    <button type="button" class="chip" id="open-filters" aria-label=${name} aria-haspopup="dialog"
      onClick=${() => openDialog({ name: "filters" })}><${Icon} name="filter" />${t("filters")}${count > 0
        && html`<b>${count}</b>`}</button>
    ${replies.map((reply) => html`<button type="button" class="chip reply-chip" key=${reply}
      onClick=${() => say(reply)}>${reply}</button>`)}
  </div>`;
}

export function Composer() {
  const [text, setText] = useState("");
  const field = useRef();
  const { turns } = visit.use();
  const isWaiting = turns.some((turn) => turn.status === "waiting");
  useEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);
  const send = (event) => {
    event?.preventDefault();
    const message = text.trim();
    if (!message) return;
    setText("");
    // The keyboard of a phone would hide the answer.
    if (matchMedia("(pointer: coarse)").matches) field.current.blur();
    say(message);
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const choose = (event) => {
    const [file] = event.target.files;
    if (file) showPhoto(file, text.trim());
    setText("");
    event.target.value = "";
  };
  return html`<form class="composer" aria-label=${t("message")} onSubmit=${send}>
    <div class="composer-inner">
      <${Suggestions} />
      <div class="box">
        <label class="round add"><span class="hidden">${t("photo.add")}</span><${Icon} name="photo" />
          <input type="file" id="photo" accept="image/*" onChange=${choose} /></label>
        <textarea id="message" ref=${field} rows="1" maxlength=${MOST_CHARACTERS} value=${text}
          aria-label=${t("message")} placeholder=${t(turns.length ? "message.more" : "message.placeholder")}
          enterkeyhint="send" onInput=${(event) => setText(event.target.value)} onKeyDown=${keys} />
        ${isWaiting && !text.trim()
          ? html`<button type="button" class="round send" key="stop" aria-label=${t("stop")} onClick=${stop}><${Icon} name="stop" /></button>`
          : html`<button type="submit" class="round send" key="send" id="send" aria-label=${t("send")}><${Icon} name="send" /></button>`}
      </div>
    </div>
  </form>`;
}
