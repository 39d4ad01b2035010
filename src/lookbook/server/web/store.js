/** What this visit shows; it outlives reloads and Back, and ends with the tab. */
import { forGood, forVisit } from "./storage.js";
import { observable } from "./ui.js";

const PREFIX = "lookbook:visit:";
const MOST_VISITS = 5;
const MOST_TURNS = 20;
const SAVED = "lookbook:saved";
const MOST_SAVED = 100;

const fresh = () => ({
  turns: [],
  start: null, // What the customer shows: {name, photo_id, item_id, title, thumbnail, corrections}
  recipient: null,
  filters: {},
  sort: null,
  method: null,
  chosen: null, // The item that was opened last: "how much is it?" is about it.
});

export const visit = observable(fresh());

/** Change some of the visit. */
export function update(changes) {
  visit.set({ ...visit.get(), ...changes });
  keepSoon();
}

/** Change some of a turn. */
export function updateTurn(id, changes) {
  const turns = visit.get().turns.map((turn) => {
    if (turn.id !== id) return turn;
    return { ...turn, ...(typeof changes === "function" ? changes(turn) : changes) };
  });
  update({ turns });
}

let timer = 0;
function keepSoon() {
  clearTimeout(timer);
  timer = setTimeout(keep, 300);
}

function keep() {
  clearTimeout(timer);
  const { id } = history.state ?? {};
  if (!id || !visit.get().turns.length) return;
  const numbers = JSON.parse(forVisit.getItem(PREFIX) ?? "[]").filter((one) => one !== id);
  numbers.push(id);
  for (const old of numbers.splice(0, numbers.length - MOST_VISITS)) {
    forVisit.removeItem(PREFIX + old);
  }
  forVisit.setItem(PREFIX, JSON.stringify(numbers));
  for (let turns = visit.get().turns.slice(-MOST_TURNS); ; turns = turns.slice(1)) {
    try {
      forVisit.setItem(PREFIX + id, JSON.stringify({ ...visit.get(), turns }));
      return;
    } catch {
      // There is no room for so many turns.
      if (!turns.length) return;
    }
  }
}

/** Show the visit that the browser's history names, or a new one. */
function restore() {
  if (!history.state?.id) history.replaceState({ id: String(Date.now()) }, "");
  const kept = forVisit.getItem(PREFIX + history.state.id);
  visit.set(kept ? { ...fresh(), ...JSON.parse(kept) } : fresh());
}

/** Start over; Back returns to the visit before. */
export function startOver() {
  keep();
  history.pushState({ id: String(Date.now()) }, "", location.pathname + location.search);
  visit.set(fresh());
}

/** Follow Back and Forward, and keep the visit when the page is left. */
export function followHistory(onChange) {
  let shown;
  const show = () => {
    const isOther = !history.state?.id || history.state.id !== shown;
    if (isOther) restore();
    shown = history.state.id;
    onChange(isOther);
  };
  show();
  addEventListener("popstate", () => {
    if (history.state?.id !== shown) keepAs(shown);
    show();
  });
  addEventListener("pagehide", keep);
  visit.follow(() => {
    shown = history.state?.id ?? shown;
  });
}

function keepAs(id) {
  if (visit.get().turns.length) {
    try {
      forVisit.setItem(PREFIX + id, JSON.stringify(visit.get()));
    } catch {
      // What was kept before stays.
    }
  }
}

/** The ids of items that the customer keeps, over all visits. */
export const saved = observable(JSON.parse(forGood.getItem(SAVED) ?? "[]"));

/** Save an item, or no longer. */
export function toggleSaved(id) {
  const others = saved.get().filter((one) => one !== id);
  const ids = others.length < saved.get().length ? others : [id, ...others].slice(0, MOST_SAVED);
  forGood.setItem(SAVED, JSON.stringify(ids));
  saved.set(ids);
}
