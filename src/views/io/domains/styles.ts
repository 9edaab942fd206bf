import { css } from "lit";

const ladder = css`
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr);
    gap: var(--space-3) var(--space-4);
    align-items: start;
    padding: 0 var(--space-3) var(--space-3);
  }
  .body.narrow {
    grid-template-columns: minmax(0, 1fr);
  }
  .body > div {
    min-width: 0;
  }
  .body > .across {
    grid-column: 1 / -1;
  }
  xen-store {
    height: min(560px, 70vh);
  }
  .narrow xen-store {
    height: 340px;
  }
  .body.store {
    flex: 1 1 0;
    min-height: 12em;
    grid-template-rows: minmax(0, 1fr);
  }
  .store xen-store {
    height: 100%;
  }
  .parts {
    display: inline-flex;
    flex-wrap: wrap;
    gap: var(--space-1);
  }
  p {
    padding: var(--space-1) 0;
  }
  .joined {
    container-type: inline-size;
  }
  .ladder {
    position: relative;
    isolation: isolate;
    padding-bottom: var(--space-2);
  }
  .ladder h2,
  .ladder > p {
    margin: 8px 0 2px;
    padding: 0;
  }
  /* Words lie on the rails: their ground hides them. */
  .ladder h2 span,
  .ladder > p span {
    padding-right: 6px;
    background: var(--surface-0);
  }
  .rail {
    position: absolute;
    z-index: -1;
    top: 20px;
    bottom: 0;
    width: 2px;
    margin-left: -1px;
    background: color-mix(in srgb, var(--own) 55%, var(--surface-0));
  }
  .rail.host {
    width: 0;
    border-left: 2px dotted var(--control-line);
    background: none;
  }
  .rungs {
    display: grid;
    grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
    gap: 3px 0;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .heads {
    align-items: stretch;
  }
  .domain {
    flex-direction: column;
    align-items: flex-start;
    justify-content: flex-start;
    gap: 1px;
    margin: 0 5px;
    padding: 6px 9px;
    border: 1.5px solid var(--own);
    background: var(--surface-1);
    text-align: left;
    white-space: normal;
    overflow-wrap: anywhere;
  }
  .domain.host {
    border: 1.5px dotted var(--text-2);
  }
  .domain[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--text);
  }
  .domain .title {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 6px;
  }
  .domain .letter {
    color: var(--own);
  }
  .domain small {
    color: var(--text-2);
    font-size: 12px;
    line-height: 1.35;
  }
  .domain .stopped-word {
    color: var(--exit);
    font-weight: 600;
  }
  .meter {
    width: 100%;
    height: 5px;
    margin: 2px 0;
    border: 1px solid var(--control-line);
    border-radius: 3px;
    overflow: hidden;
  }
  .meter i {
    display: block;
    height: 100%;
    background: var(--own);
  }
  .rungs li {
    margin-inline: calc(50% / var(--span));
  }
  .rung {
    position: relative;
    width: 100%;
    min-height: 28px;
    padding: 0;
    border: 0;
    border-radius: 0;
    background: none;
    gap: 0;
  }
  .rung:hover:not(:disabled) {
    background: none;
  }
  .rung[aria-pressed="true"] {
    background: none;
    color: var(--text);
  }
  .port {
    flex: none;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 2px;
    min-width: 26px;
    height: 22px;
    padding: 0 4px;
    border: 1.5px solid var(--own, var(--control-line));
    border-radius: 4px;
    background: var(--surface-1);
    color: var(--text);
    font: 12px var(--mono);
  }
  .rung .port:first-child {
    margin-left: -13px;
  }
  .rung .port:last-child {
    margin-right: -13px;
  }
  .port.pending {
    background: var(--warn-soft);
    font-weight: 700;
  }
  .port.pending .sign {
    width: 13px;
    height: 13px;
    color: var(--warn);
  }
  .port.masked {
    text-decoration: line-through;
    border-style: dashed;
  }
  .line {
    flex: 1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 6px;
    min-width: 0;
    min-height: 28px;
    padding: 0 6px;
    background: linear-gradient(var(--control-line), var(--control-line)) 0 50% / 100% 1.5px no-repeat;
  }
  .rung:hover .line,
  .rung[aria-pressed="true"] .line {
    background-image: linear-gradient(var(--accent), var(--accent));
  }
  .rung[aria-pressed="true"] .line {
    background-size: 100% 3px;
  }
  .line > span {
    padding: 0 3px;
    background: var(--surface-0);
  }
  .sent {
    color: var(--text-2);
    font: 12px var(--mono);
  }
  .use {
    overflow-wrap: anywhere;
    white-space: normal;
  }
  .grant .line {
    justify-content: center;
    padding: 2px 12px 9px;
    background: linear-gradient(var(--own), var(--own)) 0 calc(100% - 4px) / 100% 3px no-repeat;
  }
  .rung.grant:hover,
  .rung.grant[aria-pressed="true"] {
    --tip: var(--accent);
  }
  .rung.grant .line {
    background-image: linear-gradient(var(--tip, var(--own)), var(--tip, var(--own)));
  }
  .grant::after {
    content: "";
    position: absolute;
    right: 0;
    bottom: 0;
    border: 5.5px solid transparent;
    border-right-width: 0;
    border-left: 9px solid var(--tip, var(--own));
  }
  .grant.left::after {
    right: auto;
    left: 0;
    border-right: 9px solid var(--tip, var(--own));
    border-left: 0;
  }
  .grant .use {
    font-size: 12px;
    line-height: 1.3;
  }
  .grant .sign {
    display: inline;
    width: 14px;
    height: 14px;
    margin-right: 4px;
    vertical-align: -3px;
  }
  .own {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    align-content: flex-start;
    gap: 3px 10px;
    margin: 0 4px;
    padding: 0;
    list-style: none;
    font-size: 12px;
  }
  .own li {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    margin: 0;
    background: var(--surface-0);
  }
  .detail-table {
    max-height: 19em;
    overflow: auto;
    padding-top: var(--space-1);
    border-top: 1px solid var(--line);
  }
  /* Where there is no room in a row, a channel's use stands above its line and its counts below. */
  @container (max-width: 600px) {
    .rung:not(.grant) .line {
      display: grid;
      grid-template: "use use" 15px "one other" 15px / auto auto;
      padding: 2px 3px;
    }
    .rung:not(.grant) .line > span {
      padding: 0;
      background: none;
      font-size: 11px;
      line-height: 15px;
    }
    .rung:not(.grant) .line > .use {
      grid-area: use;
      justify-self: center;
      max-width: 100%;
      padding: 0 3px;
      background: var(--surface-0);
      overflow: hidden;
      font-size: 12px;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .sent:last-child {
      text-align: right;
    }
    .domain {
      margin: 0 2px;
      padding: 5px 6px;
    }
  }
  @container (max-width: 440px) {
    .sent span {
      display: none;
    }
  }
`;

const handshake = css`
  .devices {
    display: grid;
    gap: var(--space-2);
    overflow-x: auto;
  }
  .lanes {
    display: grid;
    grid-template-columns: 4.5em repeat(var(--changes), minmax(94px, 1fr));
    grid-auto-rows: min-content;
    gap: 2px 0;
    max-width: calc(4.5em + var(--changes) * 150px);
    align-items: center;
  }
  .lanes h3 {
    grid-column: 1 / -1;
    margin: 0;
    font: 600 12px var(--mono);
  }
  .lanes h3 .note {
    font-weight: 400;
  }
  .time {
    grid-row: 2;
    padding-left: 2px;
    border-left: 1px solid var(--line);
    color: var(--text-2);
    font: 11px var(--mono);
  }
  .side {
    grid-column: 1;
    color: var(--text-2);
    font-size: 12px;
  }
  .front {
    grid-row: 3;
  }
  .back {
    grid-row: 4;
  }
  .segment {
    min-width: 0;
    padding: 2px 6px;
    overflow: hidden;
    border: 1px solid var(--control-line);
    border-left-width: 4px;
    border-radius: 2px;
    background: var(--surface-1);
    font: 12px/1.4 var(--mono);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .segment.connected {
    border-color: var(--ok);
    background: var(--ok-soft);
  }
  .segment.going {
    border-color: var(--exit);
    border-style: dashed;
    border-left-style: solid;
  }
`;

export const domainsStyles = [ladder, handshake];
