/** Names of nodes: docs/misc/xenstore.txt, and what the C xenstored of Xen 4.17 takes for valid. */

const CHARACTERS = /^[-\w/@]*$/;
/** What a guest's own paths begin with; it does not count for their length. */
const OWN = /^\/local\/domain\/\d{1,5}\//;

export const domainPath = (domain: number) => `/local/domain/${domain}`;

/** `@introduceDomain` and `@releaseDomain`: events, not nodes. */
export const isSpecial = (path: string) => path.startsWith("@");

/**
 * @param most  bytes, not counting the path of a domain at the start
 * @param depth names from the root on
 */
export function isNode(path: string, most: number, depth: number): boolean {
  if (!path.startsWith("/") || (path.length > 1 && path.endsWith("/")) || path.includes("//")) return false;
  const own = OWN.exec(path)?.[0].length ?? 0;
  return path.length - own <= most && CHARACTERS.test(path) && namesOf(path).length <= depth;
}

/** A relative path is one below the domain's own. */
export function absolute(path: string, domain: number): string {
  return path.startsWith("/") || isSpecial(path) ? path : `${domainPath(domain)}/${path}`;
}

/** Of a node other than the root. */
export const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/";
export const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
export const childOf = (path: string, name: string) => (path === "/" ? `/${name}` : `${path}/${name}`);

/** The names from the root to a node; none for the root. */
export const namesOf = (path: string) => (path === "/" ? [] : path.slice(1).split("/"));
