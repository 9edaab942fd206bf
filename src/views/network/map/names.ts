import type { Id, NetworkPicture } from "../picture.ts";
import { placeName, thingOf } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";

/**
 * What a thing on the map is beyond what stands on it, for who cannot see where it stands and what it is joined to.
 *
 * @param hops numbers of the chosen packet's hops there
 */
export function aboutThing(id: Id, picture: NetworkPicture, hops: readonly number[], words: NetworkWords): string {
  const { names } = words.map;
  const passed = hops.length > 0 ? [names.hops(hops.join(", "))] : [];
  return [...phrases(id, picture, words), ...passed].join("; ");
}

function phrases(id: Id, picture: NetworkPicture, words: NetworkWords): readonly string[] {
  const { names, kinds, initial, routesTitle, translatesTitle } = words.map;
  const thing = thingOf(picture, id);
  switch (thing?.kind) {
    case "machine":
      return [names.machine];
    case "namespace": {
      const { namespace, machine } = thing;
      const label = namespace.namespace.initial ? initial : namespace.label;
      const marks = [...(namespace.routes ? [routesTitle] : []), ...(namespace.translates ? [translatesTitle] : [])];
      return [names.stack(label, machine.name), ...marks];
    }
    case "interface": {
      const { link } = thing.box;
      const joined = picture.edges
        .filter(({ ends }) => ends.includes(id))
        .map(({ ends }) => placeName(picture, ends[0] === id ? ends[1] : ends[0]));
      const kind = names.interface(kinds[link.kind] ?? link.kind, thing.machine.name);
      return [kind, ...link.addresses.slice(1), ...(joined.length > 0 ? [names.joined(joined.join(", "))] : [])];
    }
    case "port":
      return [names.gateway(thing.report.link)];
    default:
      return [];
  }
}
