/** A dialog: a sheet from below on phones, a panel on larger screens. */
import { t } from "./i18n.js";
import { closeDialog, html, Icon, useEffect, useRef } from "./ui.js";

export function Dialog({ title, name, children, foot }) {
  const element = useRef();
  useEffect(() => {
    const shown = element.current;
    const opener = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      opener?.focus?.();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    closeDialog();
  };
  const outside = (event) => event.target === element.current && closeDialog();
  return html`<dialog ref=${element} class=${`sheet ${name}`} id=${name} aria-label=${title} onCancel=${cancel}
    onMouseDown=${outside}>
    <div class="sheet-inner">
      <header class="sheet-head"><h2>${title}</h2>
        <button class="plain" aria-label=${t("close")} onClick=${closeDialog}><${Icon} name="close" /></button></header>
      <div class="sheet-body">${children}</div>
      ${foot && html`<footer class="sheet-foot">${foot}</footer>`}
    </div>
  </dialog>`;
}
