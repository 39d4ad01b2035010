/** Inputs that dialogs share. */
import { html } from "./ui.js";

/** Buttons of which any number can be on. */
export const Choices = ({ values, chosen, onChange }) => html`<ul class="chips">${values.map(
  ({ name, label, count }) => {
    const isOn = chosen.includes(name);
    const next = isOn ? chosen.filter((value) => value !== name) : [...chosen, name];
    return html`<li><button type="button" class="chip" data-value=${name} aria-pressed=${String(isOn)}
      onClick=${() => onChange(next)}>${label}${count != null && html` <small>${count}</small>`}</button></li>`;
  })}</ul>`;

/** A list of which one can be chosen. */
export const Select = ({ label, values, chosen, onChange, id }) => html`<label class="field"><span>${label}</span>
  <select id=${id} onChange=${(event) => onChange(event.target.value)}>${values.map(({ name, label: text }) =>
    html`<option value=${name} selected=${name === chosen}>${text}</option>`)}</select></label>`;
