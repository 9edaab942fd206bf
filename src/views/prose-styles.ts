import { css } from "lit";

/** How an author's Markdown looks, wherever it is shown. */
export const proseStyles = css`
  .prose {
    overflow-wrap: break-word;
  }
  .prose > :first-child {
    margin-top: 0;
  }
  .prose > :last-child {
    margin-bottom: 0;
  }
  .prose p,
  .prose ul,
  .prose ol,
  .prose blockquote,
  .prose table {
    margin: 0 0 0.8em;
  }
  .prose ul,
  .prose ol {
    padding-left: 1.35em;
  }
  .prose li + li {
    margin-top: 0.25em;
  }
  .prose h4,
  .prose h5,
  .prose h6 {
    margin: 1.4em 0 0.4em;
    font-size: var(--size);
  }
  .prose code {
    padding: 1px 4px;
    border-radius: 4px;
    background: var(--surface-2);
  }
  .prose a code {
    color: inherit;
  }
  .prose pre {
    margin: 0 0 0.9em;
    padding: 8px 12px;
    border-left: 2px solid var(--line);
    overflow-x: auto;
    font: var(--size-small) / 1.5 var(--mono);
    font-variant-numeric: tabular-nums;
  }
  .prose pre code {
    padding: 0;
    background: none;
    font-size: inherit;
  }
  .prose blockquote {
    padding-left: 14px;
    border-left: 2px solid var(--line);
    color: var(--text-2);
  }
  .prose table {
    display: block;
    overflow-x: auto;
    border-collapse: collapse;
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  .prose th,
  .prose td {
    padding: 4px 12px 4px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: baseline;
  }
  .prose th {
    color: var(--text-2);
    font-weight: 600;
    white-space: nowrap;
  }
`;
