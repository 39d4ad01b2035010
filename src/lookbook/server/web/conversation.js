/** The turns of a conversation: asks the server, and keeps what it answers. */
import * as api from "./api.js";
import { language, t } from "./i18n.js";
import { keepPhoto, keptPhoto, prepare } from "./photo.js";
import { tellPage } from "./embed.js";
import { requestOf } from "./requests.js";
import { update, updateTurn, visit } from "./store.js";
import { announce, observable } from "./ui.js";

const PAGE = 12;
const UNUSABLE = ["error.photo", "error.large", "error.photo.gone"];
/** The shop's page, and what its catalogue can be filtered by. */
export const shop = observable(null);
export const facets = observable(null);
let waiting = null;

/** Load what can be filtered by, with labels in the customer's language. */
export const loadFacets = () =>
  api.getFacets(language.get()).then((found) => facets.set(found), () => facets.set(null));

/** Add a turn, and ask for its answer. */
function begin(fields) {
  const { chosen, start } = visit.get();
  const turn = {
    id: `${Date.now()}-${visit.get().turns.length}`, message: "", label: "", shows: false,
    start, chosen, status: "waiting", answer: null, reply: "", error: "", rejected: [], ...fields,
  };
  update({ turns: [...visit.get().turns, turn], chosen: null });
  return ask(turn.id);
}

/** Ask for the answer of a turn, also once more. */
export async function ask(id) {
  waiting?.abort();
  const control = (waiting = new AbortController());
  const turn = visit.get().turns.find((one) => one.id === id);
  updateTurn(id, { status: "waiting", error: "" });
  announce(t(turn.shows && turn.start?.name ? "waiting.photo" : "waiting"));
  try {
    if (turn.isSearch) await searchTurn(turn, 0, control.signal);
    else await recommendTurn(turn, control.signal);
    updateTurn(id, { status: "done" });
    const done = visit.get().turns.find((one) => one.id === id);
    // The customer may have gone back to another visit.
    if (done) finish(done);
  } catch (error) {
    if (error.name !== "AbortError" && !error.text) console.error(error);
    const text = error.name === "AbortError" ? "stopped" : (error.text ?? "error");
    updateTurn(id, { status: "failed", error: text });
    // Further messages are not about a photo that cannot be used.
    if (UNUSABLE.includes(text) && visit.get().start?.name === turn.start?.name) update({ start: null });
    if (text !== "stopped") announce(t(text));
  } finally {
    if (waiting === control) waiting = null;
  }
}

export const stop = () => waiting?.abort();

async function recommendTurn(turn, signal) {
  const { id, start } = turn;
  const isNew = start?.name && !start.photo_id;
  const photo = isNew ? keptPhoto(start.name) : null;
  if (isNew && !photo) throw new api.Failure("error.photo.gone");
  const onAnswer = (answer) => {
    updateTurn(id, { answer, reply: answer.reply, rejected: [] });
    takeAnswer(id, answer);
  };
  const onReply = (part) => updateTurn(id, (now) => ({ reply: now.reply + part }));
  try {
    await api.recommend({ request: requestOf(turn), photo, onAnswer, onReply, signal });
  } catch (error) {
    if (error.kind !== "photo-unknown" || !keptPhoto(start?.name)) throw error;
    const { photo_id, ...request } = requestOf(turn);
    const again = keptPhoto(start.name);
    await api.recommend({ request, photo: again, onAnswer, onReply, signal });
  }
}

/** Remember what the photo was seen to be, and for whom things are. */
function takeAnswer(id, answer) {
  const turn = visit.get().turns.find((one) => one.id === id);
  if (!turn) return;
  if (answer.seen && turn.start) {
    const start = { ...turn.start, photo_id: answer.seen.photo_id, title: answer.seen.title };
    if (visit.get().start?.name === turn.start.name) update({ start });
    updateTurn(id, { start });
  }
  const { recipient } = visit.get();
  const isOther = recipient && String(answer.request.recipients) !== recipient;
  if (isOther) update({ recipient: null });
}

async function searchTurn(turn, offset, signal) {
  const { filters, sort, method } = visit.get();
  const set = Object.fromEntries(Object.entries({ sort, method }).filter(([, value]) => value));
  const found = await api.search({ filters, ...set, limit: PAGE, offset }, signal);
  updateTurn(turn.id, (now) => ({
    answer: {
      answer_id: "", seen: null, outfits: [], needs: {}, reply: "",
      items: offset ? [...now.answer.items, ...found.items] : found.items,
    },
    next: found.next_offset,
  }));
}

/** Show the next page of a search. */
export const showMore = (turn) => searchTurn(turn, turn.next).catch(() => announce(t("error")));

function finish(turn) {
  const count = turn.answer.items.length;
  announce([turn.reply, count && t("items.count", { count })].filter(Boolean).join(" "));
  const ids = turn.answer.items.map((item) => item.id);
  feedback(turn.answer.answer_id, "shown", ids);
  tellPage("answer", { answer_id: turn.answer.answer_id, item_ids: ids });
}

/** Tell the server what was shown and clicked, if the shop wants it. */
export function feedback(answer_id, event, item_ids) {
  if (shop.get().feedback && answer_id && item_ids.length) {
    api.sendFeedback({ answer_id, event, item_ids });
  }
}

/** Say something. */
export const say = (message) => begin({ message, label: message });

/** Show a photo, and maybe say something. */
export async function showPhoto(file, message = "") {
  const name = `photo-${Date.now()}`;
  const { photo, thumbnail } = await prepare(file);
  keepPhoto(name, photo);
  const start = { name, thumbnail, title: t("photo.yours") };
  update({ start, recipient: null });
  return begin({ message, label: message, shows: true });
}

/** Ask what goes with an item of the catalogue, or for similar ones. */
export function followItem(item, isSimilar = false) {
  const thumbnail = item.pictures[0]?.thumbnail ?? "";
  update({ start: { item_id: item.id, thumbnail, title: item.title }, recipient: null, chosen: null });
  const label = t(isSimilar ? "similar.message" : "photo.show");
  return begin({ message: isSimilar ? label : "", label, shows: true });
}

/** Ask the last turn again, since the filters changed; without one, show all that meets them. */
export function applyFilters(choices) {
  update(choices);
  const last = visit.get().turns.findLast((turn) => !turn.shared);
  return last ? ask(last.id) : begin({ isSearch: true, label: t("filters") });
}

/** Ask again for whom the customer chose. */
export function setRecipient(turn, recipient) {
  update({ recipient });
  return ask(turn.id);
}

/** Ask again with what the customer corrected. */
export function correct(turn, corrections, isForOthers) {
  const start = { ...turn.start, corrections: { ...turn.start.corrections, ...corrections } };
  updateTurn(turn.id, { start });
  if (visit.get().start?.name === start.name) update({ start });
  if (isForOthers) update({ recipient: null });
  return ask(turn.id);
}

/** Swap a piece of an outfit. */
export async function swapPiece(turn, place, position) {
  const outfit = turn.answer.outfits[place];
  const gone = outfit.items[position];
  const rejected = [...turn.rejected, gone.id];
  try {
    const request = { ...requestOf(turn), outfit: outfit.items.map((item) => item.id) };
    const other = await api.swap({ ...request, position, rejected });
    updateTurn(turn.id, (now) => {
      const outfits = now.answer.outfits.map((one, number) => (number === place ? other : one));
      return { rejected, answer: { ...now.answer, outfits } };
    });
    announce(t("swapped", { title: other.items[position].title }));
    feedback(turn.answer.answer_id, "dismissed", [gone.id]);
    return "";
  } catch (error) {
    return [404, 409, 422].includes(error.status) ? "swap.none" : (error.text ?? "error");
  }
}

/** Show an outfit that somebody shared. */
export async function showShared(ids) {
  const items = await api.getItems(ids).catch(() => []);
  const found = ids.map((id) => items.find((item) => item.id === id)).filter(Boolean);
  const pieces = found.map((item) => ({ ...item, slot: "", slot_label: "", why: "" }));
  const outfits = pieces.length ? [{ items: pieces, reason: "", reasons: [], broken_rules: [] }] : [];
  const answer = { answer_id: "", seen: null, items: [], outfits, needs: {}, reply: "" };
  const turn = { id: `shared-${Date.now()}`, shared: true, status: "done", answer, reply: "" };
  const defaults = { message: "", label: "", shows: false, start: null, rejected: [], error: "" };
  update({ turns: [...visit.get().turns, { ...defaults, ...turn }] });
}
