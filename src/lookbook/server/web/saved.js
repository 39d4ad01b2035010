/** The dialogs of saved items, and of a link to copy. */
import { getItems } from "./api.js";
import { Card } from "./cards.js";
import { Dialog } from "./dialog.js";
import { t } from "./i18n.js";
import { saved } from "./store.js";
import { closeDialog, html, useEffect, useState } from "./ui.js";

export function SavedDialog() {
  const ids = saved.use();
  const [items, setItems] = useState(null);
  useEffect(() => {
    getItems(ids).then(setItems, () => setItems([]));
  }, []);
  const shown = ids.map((id) => items?.find((item) => item.id === id)).filter(Boolean);
  return html`<${Dialog} name="saved-items" title=${t("saved")}>
    ${shown.length > 0 && html`<ul class="cards all">${shown.map((item) => html`<li key=${item.id}>
      <${Card} item=${item} onFollow=${closeDialog} /></li>`)}</ul>`}
    ${items && !shown.length && html`<p class="empty">${t("saved.none")}</p>`}
  <//>`;
}

export const ShareDialog = ({ url }) => html`<${Dialog} name="share-link" title=${t("outfit.share")}>
  <label class="field"><span>${t("outfit.copy")}</span>
    <input readonly value=${url} onFocus=${(event) => event.target.select()} /></label>
<//>`;
