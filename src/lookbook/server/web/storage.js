/** The browser's storage, or a plain object where it is blocked, as in some frames. */
function open(name) {
  try {
    const storage = window[name];
    storage.getItem("lookbook");
    return storage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  }
}

/** Outlives visits. */
export const forGood = open("localStorage");
/** Ends with the tab. */
export const forVisit = open("sessionStorage");
