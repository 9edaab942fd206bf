import type { Trail } from "../../../src/views/network/picture.ts";
import { bridgePackets, dockerPackets } from "../../views/network/packets.ts";
import { docker, gatewayNat, type Scene, vlans, xenBridge } from "../../views/network/pictures.ts";

/** Views of the network, with networks as students build them. */

export const NETWORK_EVENTS = [
  "hold",
  "step",
  "cable",
  "cut",
  "shape",
  "mirror",
  "forget",
  "reset",
  "save",
  "replay",
  "clear",
].map((name) => `network-${name}`);

/** Of the machines of all scenes: those of one have letters that follow each other. */
export const NETWORK_LETTERS = {
  domU1: "B",
  domU2: "C",
  outside: "D",
  node1: "A",
  node2: "B",
  left: "A",
  right: "B",
  access: "C",
  late: "D",
  a: "A",
  b: "B",
  server: "C",
};

const networkView = ({ picture }: Scene, trails: readonly Trail[] = [], properties: object = {}) =>
  Object.assign(document.createElement("network-view"), {
    network: picture,
    passing: { trails, leftOut: 0, rate: 0 },
    ...properties,
  });

export const NETWORK_SCENES: Readonly<Record<string, () => readonly HTMLElement[]>> = {
  "network-bridge": () => [networkView(xenBridge(), bridgePackets(xenBridge()))],
  "network-held": () => [networkView(xenBridge({ held: true }), bridgePackets(xenBridge()))],
  "network-docker": () => [networkView(docker(), dockerPackets(docker()))],
  "network-vlans": () => [networkView(vlans())],
  "network-gateway": () => [networkView(gatewayNat())],
  "network-empty": () => [document.createElement("network-view")],
};
