import { css } from "lit";

/** Hues of packets, wherever they are drawn. */
export const packetStyles = css`
  .arp {
    --wire: var(--hue-3);
  }
  .icmp {
    --wire: var(--hue-4);
  }
  .udp {
    --wire: var(--hue-2);
  }
  .tcp {
    --wire: var(--hue-1);
  }
  .other {
    --wire: var(--hue-8);
  }
  svg.packet {
    display: block;
    flex: none;
    width: 16px;
    height: 16px;
  }
  .packet .shape {
    fill: var(--wire);
    stroke: none;
  }
  .packet text {
    fill: var(--surface-1);
    font: 700 9.5px var(--mono);
    text-anchor: middle;
  }
  svg.glyph {
    flex: none;
    width: 14px;
    height: 14px;
  }
  .letter {
    padding: 0 5px;
    border: 1px solid currentColor;
    border-radius: 4px;
    font: 600 11px/1.5 var(--mono);
  }
`;
