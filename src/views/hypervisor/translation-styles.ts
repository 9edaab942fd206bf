import { css } from "lit";

/** The chain of a translation: two columns, one under the other where it is narrow; the verdict above. */
export const translationStyles = css`
  form {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2);
  }
  .wrong {
    color: var(--exit);
  }
  .verdict {
    display: flex;
    gap: var(--space-2);
    align-items: flex-start;
    margin: 0 var(--space-3) var(--space-2);
    padding: 6px var(--space-3);
    border-left: 4px solid var(--ok);
    border-radius: 0 var(--radius) var(--radius) 0;
    background: var(--ok-soft);
  }
  .verdict ul,
  .verdict li {
    display: inline;
    padding: 0;
  }
  .verdict[data-kind="lazy"],
  .verdict[data-kind="stale"] {
    border-color: var(--warn);
    background: var(--warn-soft);
  }
  .verdict[data-kind="absent"],
  .verdict[data-kind="direct"],
  .verdict[data-kind="hypervisor"] {
    border-color: var(--control-line);
    background: var(--surface-2);
  }
  .verdict[data-kind="disagrees"] {
    border: 3px solid var(--exit);
    border-radius: var(--radius);
    background: var(--exit-soft);
    font-size: var(--size);
  }
  .bits {
    display: flex;
    flex-wrap: wrap;
    gap: 2px;
    margin: 0 0 var(--space-2);
    font-family: var(--mono);
  }
  .bits span {
    padding: 2px var(--space-2);
    background: color-mix(in srgb, var(--va) 16%, var(--surface-0));
    text-align: center;
  }
  .bits small {
    margin-left: 6px;
    color: var(--text-2);
    font: 11px / 1.3 var(--sans);
  }
  .chain {
    width: 100%;
    border-collapse: collapse;
  }
  .chain th,
  .chain td {
    padding: 5px var(--space-3);
    vertical-align: top;
    text-align: left;
    border-top: 1px solid var(--line);
    font-weight: 400;
  }
  .chain thead td {
    border: 0;
  }
  .chain thead th {
    border: 0;
    color: var(--text-2);
    font-size: 12px;
  }
  .chain tbody th {
    width: 9em;
    padding-left: 0;
    color: var(--text-2);
  }
  .chain td + td {
    border-left: 1px solid var(--line);
  }
  .chain .none {
    color: var(--text-2);
    font-style: italic;
  }
  .chain .line {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-2);
    align-items: baseline;
  }
  .chain small {
    color: var(--text-2);
  }
  .chain tr.end td {
    font-size: 15px;
    font-weight: 700;
  }
  .chain tr.alarm td {
    background: var(--exit-soft);
    outline: 3px solid var(--exit);
    outline-offset: -3px;
  }
  .mark {
    display: inline-block;
    margin-left: var(--space-2);
    padding: 0 6px;
    border-radius: 4px;
    font: 700 12px / 1.6 var(--sans);
  }
  .mark.same {
    color: var(--ok);
    background: var(--ok-soft);
  }
  .mark.differs {
    color: var(--surface-0);
    background: var(--exit);
  }
  @container (max-width: 520px) {
    .chain,
    .chain tbody,
    .chain tr,
    .chain th,
    .chain td {
      display: block;
      width: auto;
    }
    .chain thead {
      display: none;
    }
    .chain td {
      border: 0;
      padding: 2px 0;
    }
    .chain tbody th {
      width: auto;
    }
    .chain td:empty {
      display: none;
    }
    .chain tr.alarm td {
      padding-left: var(--space-3);
    }
    .chain td + td {
      border: 0;
      padding: 2px 0 6px var(--space-3);
      border-left: 3px solid var(--ma);
    }
  }
`;
