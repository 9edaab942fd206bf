import { css } from "lit";

const conditions = css`
  h2 .note,
  h3 .note {
    font-weight: 400;
  }
  h3 {
    color: var(--text-2);
    font-weight: 400;
  }
  h3 b {
    color: var(--text);
  }
  .conditions {
    display: grid;
    grid-template-columns: max-content max-content max-content minmax(0, 1fr);
    gap: 4px var(--space-4);
    margin: 6px 0 0;
    padding: 0;
    list-style: none;
  }
  .conditions li {
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    align-items: baseline;
  }
  .conditions code {
    font-size: 13px;
  }
  .conditions .worked {
    font-weight: 700;
  }
  .conditions .worked .note {
    font-weight: 400;
  }
  .direction {
    display: inline-flex;
    gap: 6px;
    align-items: baseline;
  }
  .verdict {
    color: var(--text-2);
    white-space: nowrap;
  }
  .verdict .sign {
    display: inline;
    width: 14px;
    height: 14px;
    margin-right: 4px;
    vertical-align: -2px;
  }
  .verdict.rings {
    color: var(--warn);
    font-weight: 700;
  }
  @container (max-width: 760px) {
    .conditions {
      grid-template-columns: minmax(0, 1fr);
    }
    .conditions li {
      display: flex;
      flex-wrap: wrap;
      gap: 1px var(--space-3);
      padding-bottom: 4px;
    }
    .conditions code {
      overflow-wrap: anywhere;
    }
  }
`;

const detail = css`
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr);
    gap: var(--space-3) var(--space-5);
    padding-top: var(--space-3);
    border-top: 1px solid var(--line);
  }
  .columns.narrow {
    grid-template-columns: minmax(0, 1fr);
  }
  .columns > div {
    display: flex;
    flex-direction: column;
    gap: var(--space-3);
    min-width: 0;
  }
  .slot {
    display: flex;
    flex-direction: column;
    gap: var(--space-2);
  }
  .state {
    margin-left: 4px;
    padding: 0 6px;
    border: 1px solid currentColor;
    border-radius: 4px;
    font-weight: 600;
    font-size: 12px;
  }
  .state.requested,
  .state.serving {
    color: var(--request);
  }
  .state.answered {
    color: var(--response);
  }
  .body p {
    padding: 0;
  }
  .dump {
    margin: 2px 0 0;
    overflow-x: auto;
    font: 12px/1.5 var(--mono);
  }
  .dump .offset,
  .dump .text {
    color: var(--text-2);
  }
  .fields {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    margin: 4px 0;
  }
  .fields div {
    display: inline-flex;
    gap: 6px;
  }
  dt {
    color: var(--text-2);
  }
  dd {
    margin: 0;
    font-family: var(--mono);
  }
  .pages {
    display: grid;
    gap: var(--space-2);
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .pages li {
    padding-left: var(--space-2);
    border-left: 2px solid var(--line);
  }
  .page {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--space-3);
    align-items: baseline;
  }
  .grant {
    padding: 0 6px;
    border: 1px solid currentColor;
    border-radius: 4px;
    font-size: 12px;
  }
  .grant.mapped {
    color: var(--ok);
  }
  .grant.revoked,
  .grant.bad {
    color: var(--exit);
  }
  .wide-table {
    overflow-x: auto;
  }
  .ratios {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    margin: 4px 0 6px;
  }
  .ratios div {
    display: inline-flex;
    align-items: baseline;
    gap: 6px;
  }
  .ratios dd {
    font-size: var(--size);
    font-weight: 700;
  }
  .counters {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(13em, 1fr));
    gap: 1px var(--space-4);
    margin: 0;
  }
  .counters div {
    display: flex;
    justify-content: space-between;
    gap: var(--space-2);
    border-bottom: 1px solid var(--line);
  }
  .batches {
    display: block;
    margin-top: 4px;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: var(--surface-1);
  }
  .batches .middle {
    stroke: var(--control-line);
  }
  .batches text {
    fill: var(--text-2);
    font: 11px var(--sans);
  }
  .batch.request {
    color: var(--request);
  }
  .batch.response {
    color: var(--response);
  }
  .batch rect {
    fill: none;
    stroke: currentColor;
  }
  .batch.notified rect,
  .batch circle {
    fill: currentColor;
  }
  .pace {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2) var(--space-4);
    align-items: center;
    margin: 0;
    padding: var(--space-2) var(--space-3);
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  .pace legend {
    padding: 0 4px;
    font-weight: 600;
  }
  .pace input {
    width: 8ch;
    font-family: var(--mono);
  }
  .pace + .note {
    padding-top: var(--space-1);
  }
  .pace[disabled] {
    color: var(--text-2);
  }
  .pace .steps {
    display: inline-flex;
    flex-wrap: wrap;
    gap: var(--space-2);
  }
`;

/** The styles of what stands below a ring's picture: conditions, one slot, what was counted, slow motion. */
export const detailStyles = [conditions, detail];
