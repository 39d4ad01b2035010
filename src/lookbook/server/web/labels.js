/** Values of items in the customer's language. */
import { facets } from "./conversation.js";

/** Values that tell a customer nothing. */
const NOTHING = ["unknown", "none", "other"];

/** List an item's values by attribute, as pairs of the attribute's label and its values' labels. */
export function labelsOf(attributes) {
  return (facets.get()?.attributes ?? []).flatMap(({ name, label, values }) => {
    const own = [attributes[name] ?? []].flat().filter((value) => value && !NOTHING.includes(value.toLowerCase()));
    const shown = own.map((value) => values.find((one) => one.name === value)?.label ?? value);
    return shown.length ? [[label, shown]] : [];
  });
}
