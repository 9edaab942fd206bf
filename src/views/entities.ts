/**
 * Stands in for the package `entities` in the page's build (vite.config.ts): markdown-it asks it for the character
 * behind one reference such as `&copy;`, and the browser has that table already.
 *
 * @param reference one character reference, as markdown-it's own pattern found it
 * @returns the character, or the text itself where there is none of that name
 */
export function decodeHTMLStrict(reference: string): string {
  const field = document.createElement("textarea");
  field.innerHTML = reference;
  return field.value;
}
