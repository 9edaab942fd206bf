import type { Xen } from "../hypervisor/xen.ts";
import type { Store } from "../store/index.ts";
import { home } from "../toolstack/paths.ts";

/** Keys in which a frontend writes its channels. */
const CHANNEL_KEYS = ["event-channel", "event-channel-tx", "event-channel-rx"] as const;
/** Devices looked at in one domain. */
const MOST_DEVICES = 64;

/**
 * What ports are for: this program's own are known; of others a frontend's directory in xenstore names them.
 *
 * @returns by domain and port, of either end
 */
export function usesOf(xen: Xen, store: Store): (domain: number, port: number) => string | undefined {
  const named = new Map<string, string>();
  for (const guest of xen.guests.values()) {
    for (const [path, device] of devicesOf(store, guest.id)) {
      for (const key of CHANNEL_KEYS) {
        const port = Number(store.read(`${path}/${key}`) ?? 0);
        const direction = key.slice("event-channel".length).replace("-", " ");
        if (port > 0) named.set(`${guest.id}:${port}`, `${device}${direction}`);
      }
    }
  }
  const here = (domain: number, port: number) => {
    const guest = xen.guest(domain);
    return (guest ? xen.useOf(guest, port) : xen.host.useOf(port)) ?? named.get(`${domain}:${port}`);
  };
  return (domain, port) => {
    const binding = xen.portsOf(domain)?.open.get(port)?.binding;
    const own = here(domain, port);
    if (own !== undefined || binding?.state !== "interdomain") return own;
    return here(binding.ports.owner.id, binding.port);
  };
}

function devicesOf(store: Store, domain: number): [path: string, device: string][] {
  const above = `${home(domain)}/device`;
  const devices = store.list(above).flatMap((kind) => store.list(`${above}/${kind}`).map((one) => `${kind}/${one}`));
  return devices.slice(0, MOST_DEVICES).map((device) => [`${above}/${device}`, device]);
}
