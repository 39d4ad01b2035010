/** The filters: a sheet of what the catalogue can be filtered and sorted by. */
import { applyFilters, facets } from "./conversation.js";
import { Dialog } from "./dialog.js";
import { Choices, Select } from "./fields.js";
import { hasText, money, readAmount, t } from "./i18n.js";
import { visit } from "./store.js";
import { closeDialog, html, useState } from "./ui.js";

const SORTS = ["relevance", "price_ascending", "price_descending"];
const METHODS = ["semantic", "visual", "keyword", "hybrid", "hybrid + reranker", "hyde"];
const plain = (values) => values.map((name) => ({ name, label: name }));

/** Count the filters that are set. */
export function countFilters({ filters, sort, method }) {
  const { attributes = {}, sizes = [], brands = [], ...others } = filters;
  const lists = [...Object.values(attributes), sizes, brands];
  const single = [...Object.values(others), sort, method];
  return lists.filter((list) => list.length).length + single.filter((one) => one != null).length;
}

/** Leave out what is not set. */
const compact = (filters) =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value != null && value.length !== 0));

function Group({ label, count, children }) {
  return html`<details class="group" open=${count > 0}><summary>${label}${count > 0 && html` <b>${count}</b>`}</summary>
    ${children}</details>`;
}

function PriceField({ label, id, text, onInput, currency }) {
  const isWrong = text.trim() !== "" && readAmount(text) === null;
  const note = t("price.wrong", { text, example: money(49.95, currency) });
  return html`<label class="field"><span>${label}</span>
    <input id=${id} inputmode="decimal" autocomplete="off" value=${text} maxlength="20" aria-invalid=${String(isWrong)}
      aria-describedby=${isWrong ? `${id}-note` : null} onInput=${(event) => onInput(event.target.value)} />
    ${isWrong && html`<span class="wrong" role="alert" id=${`${id}-note`}>${note}</span>`}</label>`;
}

export function FilterDialog() {
  const found = facets.use();
  const now = visit.get();
  const [filters, setFilters] = useState({ attributes: {}, ...now.filters });
  const [sort, setSort] = useState(now.sort ?? "relevance");
  const [method, setMethod] = useState(now.method ?? "");
  const asText = (amount) => (amount == null ? "" : String(amount));
  const [from, setFrom] = useState(asText(now.filters.min_price));
  const [to, setTo] = useState(asText(now.filters.max_price));
  const set = (changes) => setFilters({ ...filters, ...changes });
  const setAttribute = (name) => (values) => {
    const { [name]: _, ...others } = filters.attributes;
    set({ attributes: values.length ? { ...others, [name]: values } : others });
  };
  const apply = (event) => {
    event.preventDefault();
    const prices = [from, to].map((text) => (text.trim() ? readAmount(text) : undefined));
    const wrong = prices.indexOf(null);
    if (wrong >= 0) return document.getElementById(wrong ? "max-price" : "min-price").focus();
    const [min_price, max_price] = prices;
    closeDialog();
    return applyFilters({
      filters: compact({ ...filters, min_price, max_price }),
      sort: sort === "relevance" ? null : sort,
      method: method || null,
    });
  };
  const clear = () => {
    setFilters({ attributes: {} });
    setSort("relevance");
    setMethod("");
    setFrom("");
    setTo("");
  };
  const currency = found?.price?.currencies[0] ?? "";
  const named = (names, prefix) => names.filter((name) => hasText(`${prefix}.${name}`))
    .map((name) => ({ name, label: t(`${prefix}.${name}`) }));
  const foot = html`<button class="plain text" type="button" onClick=${clear}>${t("filters.clear")}</button>
    <button class="button" type="submit" form="filter-form" id="apply-filters">${t("filters.apply")}</button>`;
  return html`<${Dialog} name="filters" title=${t("filters")} foot=${foot}>
    <form id="filter-form" onSubmit=${apply} novalidate>
      ${found?.price && html`
        <${Select} label=${t("sort")} id="sort" values=${named(SORTS, "sort")} chosen=${sort} onChange=${setSort} />
        <fieldset class="prices"><legend>${t("price")}</legend>
          <${PriceField} label=${t("price.from")} id="min-price" text=${from} onInput=${setFrom} currency=${currency} />
          <${PriceField} label=${t("price.to")} id="max-price" text=${to} onInput=${setTo} currency=${currency} />
        </fieldset>`}
      ${found?.has_stock && html`<label class="check"><input type="checkbox" checked=${filters.in_stock !== false}
        onChange=${(event) => set({ in_stock: event.target.checked ? null : false })} />${t("in.stock")}</label>`}
      ${(found?.attributes ?? []).filter((one) => one.values.length > 1).map(({ name, label, values }) => {
        const chosen = filters.attributes[name] ?? [];
        return html`<${Group} key=${name} label=${label} count=${chosen.length}>
          <${Choices} values=${values} chosen=${chosen} onChange=${setAttribute(name)} /><//>`;
      })}
      ${[["sizes", "sizes"], ["brands", "brands"]].map(([name, label]) => {
        const chosen = filters[name] ?? [];
        return found?.[name].length > 1 && html`<${Group} key=${label} label=${t(label)} count=${chosen.length}>
          <${Choices} values=${plain(found[name])} chosen=${chosen} onChange=${(values) => set({ [name]: values })} /><//>`;
      })}
      <${Group} label=${t("filters.search")} count=${method ? 1 : 0}>
        <${Select} label=${t("method")} id="method" chosen=${method} onChange=${setMethod}
          values=${[{ name: "", label: t("method.default") }, ...named(METHODS, "method")]} /><//>
    </form>
  <//>`;
}
