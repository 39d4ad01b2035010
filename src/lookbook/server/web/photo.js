/** Photos of customers: a copy that is not larger than needed, and a small one to show. */
import { forVisit } from "./storage.js";

const MOST_BYTES = 4_000_000;
const MOST_PIXELS = 1600;
const THUMBNAIL = 320;

async function scaled(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Prepare a file to be sent.
 * @returns The photo, and a small copy as an address; empty if the browser cannot read it.
 */
export async function prepare(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return { photo: file, thumbnail: "" };
  }
  const thumbnail = (await scaled(bitmap, THUMBNAIL)).toDataURL("image/jpeg", 0.8);
  if (file.size <= MOST_BYTES) return { photo: file, thumbnail };
  const canvas = await scaled(bitmap, MOST_PIXELS);
  const photo = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return { photo: photo ?? file, thumbnail };
}

const KEY = "lookbook:photo";
const MOST_KEPT = 2_000_000;
let kept = { name: "", photo: null };

/** Keep a photo for this visit under a name, since the server may forget it. */
export function keepPhoto(name, photo) {
  kept = { name, photo };
  forVisit.removeItem(KEY);
  if (photo.size > MOST_KEPT) return;
  const reader = new FileReader();
  reader.onload = () => {
    try {
      forVisit.setItem(KEY, JSON.stringify([name, reader.result]));
    } catch {
      // The photo is asked for again after a reload.
    }
  };
  reader.readAsDataURL(photo);
}

/** Return the kept photo of a name; null if it is another. */
export function keptPhoto(name) {
  if (kept.name === name) return kept.photo;
  const [stored, address] = JSON.parse(forVisit.getItem(KEY) ?? "[]");
  if (stored !== name) return null;
  const [head, data] = address.split(",");
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  kept = { name, photo: new Blob([bytes], { type: head.slice(5).split(";")[0] }) };
  return kept.photo;
}
