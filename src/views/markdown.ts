import createDOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
const purify = createDOMPurify(window);

const ALLOWED_TAGS = [
  ...["p", "br", "hr", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s", "sub", "sup", "kbd", "a"],
  ...["ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "span"],
];

/** Links leave the frame they are in; nothing else of an author's may reach past the text. */
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

const cache = new Map<string, string>();
const MOST_CACHED = 400;

/**
 * An author's Markdown as HTML that is safe to show: no raw HTML, no scripts, no images (a lab's prose asks no other
 * site for anything), links only to http and https.
 */
export function safeHtml(text: string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const html = purify.sanitize(markdown.render(text), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["href", "start", "align", "class"],
    ALLOWED_URI_REGEXP: /^https?:/i,
  });
  if (cache.size >= MOST_CACHED) cache.clear();
  cache.set(text, html);
  return html;
}

/** The same for a line inside a sentence: no paragraphs around it. */
export function safeInlineHtml(text: string): string {
  return purify.sanitize(markdown.renderInline(text), {
    ALLOWED_TAGS: ["code", "em", "strong", "s", "sub", "sup", "kbd", "br"],
    ALLOWED_ATTR: [],
  });
}
