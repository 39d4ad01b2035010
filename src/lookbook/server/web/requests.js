/** What the server is told of a turn and of those before. */
import { language } from "./i18n.js";
import { visit } from "./store.js";

const MOST_TURNS = 20;
const MOST_CHARACTERS = 1500;

/** Return the items of an answer by the part they are for, as the page shows them. */
export function bySlot(items) {
  const slots = new Map();
  for (const item of items) {
    if (!slots.has(item.slot)) slots.set(item.slot, []);
    slots.get(item.slot).push(item);
  }
  return [...slots.values()];
}

/** Return the turns before one, as the server reads them, since the customer showed something. */
function historyBefore(id) {
  const { turns } = visit.get();
  let before = turns.slice(0, turns.findIndex((turn) => turn.id === id));
  const current = turns.find((turn) => turn.id === id);
  if (current.shows) before = [];
  const first = before.findLastIndex((turn) => turn.shows);
  before = before.slice(Math.max(first, 0)).filter((turn) => turn.answer).slice(-MOST_TURNS / 2);
  const history = before.flatMap((turn, place) => {
    const shown = bySlot(turn.answer.items).flat().map((item) => item.id);
    const isLast = place === before.length - 1;
    return [
      ...(turn.message ? [{ role: "user", content: turn.message.slice(0, MOST_CHARACTERS) }] : []),
      {
        role: "assistant",
        content: turn.reply.slice(0, MOST_CHARACTERS),
        item_ids: isLast && current.chosen ? [current.chosen] : shown,
      },
    ];
  });
  return history.slice(-MOST_TURNS);
}

/** Return the fields that describe what the customer shows. */
function startFields(start) {
  if (!start) return {};
  const { photo_id, item_id, corrections } = start;
  const given = photo_id ? { photo_id } : item_id ? { item_id } : {};
  return { ...given, ...(corrections ? { corrections } : {}) };
}

/** Return the request of a turn, with the filters of now. */
export function requestOf(turn) {
  const { filters, sort, method, recipient } = visit.get();
  const chosen = { sort, method, recipient };
  const set = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
  const history = historyBefore(turn.id);
  const told = { message: turn.message, history, language: language.get() };
  return { ...told, filters, ...set, ...startFields(turn.start) };
}
