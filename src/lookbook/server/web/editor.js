/** Corrects what a photo was seen to show. */
import { correct, facets } from "./conversation.js";
import { Dialog } from "./dialog.js";
import { Choices, Select } from "./fields.js";
import { t } from "./i18n.js";
import { visit } from "./store.js";
import { closeDialog, html, useState } from "./ui.js";

const RECIPIENTS = ["Women", "Men"];
const listed = (value) => [value ?? []].flat();
const isSame = (one, other) => String(listed(one)) === String(listed(other));

/** Return the attribute that holds the title, if one does. */
const titleOf = ({ attributes, title }) =>
  Object.keys(attributes).find((name) => title && attributes[name] === title);

export function EditDialog({ turn: id }) {
  const turn = visit.get().turns.find((one) => one.id === id);
  const attributes = facets.use()?.attributes ?? [];
  const [edited, setEdited] = useState({});
  const { seen } = turn.answer;
  const title = titleOf(seen);
  const valueOf = (name) => edited[name] ?? seen.attributes[name];
  const set = (name) => (value) => setEdited({ ...edited, [name]: value });
  const apply = (event) => {
    event.preventDefault();
    const changed = Object.entries(edited).filter(([name, value]) => !isSame(value, seen.attributes[name]));
    closeDialog();
    if (!changed.length) return;
    const isForOthers = attributes.some(({ name, values }) =>
      values.some((one) => RECIPIENTS.includes(one.name)) && changed.some(([own]) => own === name));
    correct(turn, Object.fromEntries(changed), isForOthers);
  };
  /** Offer the own value, too, if the catalogue has none of it. */
  const offered = (values, own) => {
    const others = own.filter((value) => value && !values.some((one) => one.name === value));
    return [...others.map((name) => ({ name, label: name })), ...values.map(({ name, label }) => ({ name, label }))];
  };
  const foot = html`<button class="button" type="submit" form="edit-form" id="apply">${t("seen.apply")}</button>`;
  return html`<${Dialog} name="editor" title=${t("seen.change")} foot=${foot}>
    <form id="edit-form" onSubmit=${apply}>
      ${title && html`<label class="field"><span>${t("title")}</span><input id="edit-title" maxlength="120"
        value=${valueOf(title)} onInput=${(event) => set(title)(event.target.value)} /></label>`}
      ${attributes.map(({ name, label, is_multiple, values }) => {
        const own = listed(valueOf(name)).filter((value) => value && value.toLowerCase() !== "unknown");
        if (is_multiple) {
          return html`<fieldset class="field" key=${name}><legend>${label}</legend>
            <${Choices} values=${offered(values, own)} chosen=${own} onChange=${set(name)} /></fieldset>`;
        }
        const none = own[0] ? [] : [{ name: "", label: t("seen.none") }];
        return html`<${Select} key=${name} label=${label} id=${`edit-${name}`} chosen=${own[0] ?? ""}
          values=${[...none, ...offered(values, own)]} onChange=${set(name)} />`;
      })}
    </form>
  <//>`;
}
