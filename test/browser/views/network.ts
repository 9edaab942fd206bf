import type { NetworkPicture, Passing, Trail } from "../../../src/views/network/picture.ts";
import { bridgePackets, dockerPackets, malformedPackets } from "../../views/network/packets.ts";
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

interface Given {
  readonly network: NetworkPicture | undefined;
  readonly passing: Passing;
}

const given = ({ picture }: Scene, trails: readonly Trail[] = [], more: Partial<Passing> = {}): Given => ({
  network: picture,
  passing: { trails, leftOut: 0, rate: 0, ...more },
});

/** What the view is given in each scene. */
const GIVEN: Readonly<Record<string, () => Given>> = {
  "network-bridge": () => given(xenBridge(), bridgePackets(xenBridge())),
  "network-before": () => given(xenBridge({ vif2: false })),
  "network-quiet": () => given(xenBridge()),
  "network-flood": () => given(xenBridge(), bridgePackets(xenBridge()), { rate: 1200, leftOut: 88_000 }),
  "network-held": () => given(xenBridge({ held: true }), bridgePackets(xenBridge())),
  "network-malformed": () => given(xenBridge(), malformedPackets(xenBridge())),
  "network-docker": () => given(docker(), dockerPackets(docker())),
  "network-vlans": () => given(vlans()),
  "network-gateway": () => given(gatewayNat()),
  "network-empty": () => ({ network: undefined, passing: { trails: [], leftOut: 0, rate: 0 } }),
};

export const NETWORK_SCENES = Object.fromEntries(
  Object.entries(GIVEN).map(([name, make]) => [
    name,
    (): readonly HTMLElement[] => [Object.assign(document.createElement("network-view"), make())],
  ]),
);

/** The view of one scene is given what another's is, as when the page has read again. */
Object.assign(window, {
  renew: (to: string) => Object.assign(document.querySelector("network-view")!, GIVEN[to]!()),
});
