/** The texts of the page, and how the customer's language writes prices. */
import { forGood } from "./storage.js";
import { observable } from "./ui.js";

const KEY = "lookbook:language";
export const language = observable("en");
let texts = {};
let shop = { texts: {}, languages: ["en"] };

/** Choose the language: the address, the customer's choice, the browser, the shop's first. */
function chooseLanguage(offered) {
  const asked = new URLSearchParams(location.search).get("language");
  const wanted = [asked, forGood.getItem(KEY), ...navigator.languages];
  const codes = wanted.filter(Boolean).map((code) => code.slice(0, 2).toLowerCase());
  return codes.find((code) => offered.includes(code)) ?? offered[0];
}

/** Load the texts of the customer's language. */
export async function loadTexts(page) {
  shop = page;
  await change(chooseLanguage(page.languages));
}

/** Change the language, for the visits to come as well. */
export async function setLanguage(code) {
  forGood.setItem(KEY, code);
  await change(code);
}

async function change(code) {
  const response = await fetch(new URL(`./texts/${code}.json`, import.meta.url));
  texts = { ...(await response.json()), ...shop.texts[code] };
  document.documentElement.lang = code;
  language.set(code);
}

/** Return a text by name, its {placeholders} filled. */
export const t = (name, values = {}) =>
  (texts[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

export const hasText = (name) => name in texts;

/** Return what the shop says in this language, such as its messages. */
export const ofShop = (name) => shop[name]?.[language.get()] ?? [];

/** Write an amount as the customer's language does. */
export function money(amount, currency, text = "") {
  try {
    return new Intl.NumberFormat(language.get(), { style: "currency", currency }).format(amount);
  } catch {
    return text || new Intl.NumberFormat(language.get(), { minimumFractionDigits: 2 }).format(amount);
  }
}

/** Read an amount; null if it is none. A comma may separate decimals. */
export function readAmount(text) {
  const plain = text.replace(/[\s'’€$£]/g, "").replace(/[.,](?=\d{3}(\D|$))/g, "").replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

/** Name a language in itself, such as "Deutsch". */
export function languageName(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code);
  return name[0].toUpperCase() + name.slice(1);
}
