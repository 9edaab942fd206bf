import { LabFaults } from "./format/fault.ts";
import { readLab } from "./format/read.ts";
import type { Lab } from "./lab.ts";

/** A lab's folder, wherever it is. */
export interface LabSource {
  /** For people: an address that ends in `/`, or a folder. */
  readonly address: string;
  /** True when the folder does not belong to this site. */
  readonly foreign: boolean;
  /**
   * @param path relative to the folder, for example `files/setup.sh`
   * @param limit most bytes the file may have
   * @throws LoadError naming the address
   */
  read(path: string, limit: number): Promise<Uint8Array>;
}

/** Most bytes a file may have: text is read by people, a lab's other files go into a machine's memory. */
export const FILE_LIMITS = { text: 256 * 1024, file: 16 * 1024 * 1024 } as const;

export type LoadProblem =
  | "address" // not an id and not an address of a lab
  | "missing" // nothing there
  | "unreachable" // no answer, or one that says no
  | "too-large"
  | "not-text";

/** A file of a lab that cannot be had. The code is for pages, which have the words in both languages. */
export class LoadError extends Error {
  override name = "LoadError";
  readonly code: LoadProblem;
  readonly address: string;

  constructor(code: LoadProblem, address: string, message: string) {
    super(message);
    this.code = code;
    this.address = address;
  }
}

/** Milliseconds a file may take to arrive. */
const TIME_LIMIT = 30_000;

/**
 * Opens the folder of a lab named by the page's address.
 *
 * @param lab the id of a lab of this site, or the http(s) address of any `lab.yaml`
 * @param base address of the site, which ends in `/`
 * @throws LoadError (`address`) when it is neither
 */
export function fetchSource(lab: string, base: string): LabSource {
  if (/^[a-z][a-z0-9-]{0,47}$/.test(lab)) return sourceAt(new URL(`labs/${lab}/lab.yaml`, base), false);
  const address = URL.canParse(lab) ? new URL(lab) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || !/\.ya?ml$/.test(address.pathname)) {
    throw new LoadError("address", lab, `\`${lab}\` is neither the id of a lab nor the address of a lab.yaml.`);
  }
  return sourceAt(address, !address.href.startsWith(new URL("labs/", base).href));
}

function sourceAt(yaml: URL, foreign: boolean): LabSource {
  const folder = new URL(".", yaml);
  return {
    address: folder.href,
    foreign,
    read: (path, limit) => fetchBytes(path === "lab.yaml" ? yaml : new URL(path, folder), limit),
  };
}

async function fetchBytes(address: URL, limit: number): Promise<Uint8Array> {
  const response = await ask(address);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      size += part.value.length;
      if (size > limit) throw tooLarge(address.href, limit);
      chunks.push(part.value);
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error instanceof LoadError ? error : unreachable(address.href, error);
  }
  return join(chunks, size);
}

async function ask(address: URL): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(TIME_LIMIT) });
  } catch (error) {
    throw unreachable(address.href, error);
  }
  // A server that answers every path with its start page has nothing here either.
  const startPage = response.headers.get("content-type")?.startsWith("text/html");
  if (response.status === 404 || (response.ok && startPage)) throw missing(address.href);
  if (!response.ok) throw unreachable(address.href, `HTTP ${response.status}`);
  return response;
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** @returns the error of a file that is not there */
export const missing = (address: string) => new LoadError("missing", address, `There is no file at ${address}.`);

/** @returns the error of a file past its limit, in bytes */
export const tooLarge = (address: string, limit: number) =>
  new LoadError("too-large", address, `${address} has more than ${limit} bytes, which is the most this file may have.`);

/** @returns the error of a file that could not be read for another reason */
export const unreachable = (address: string, cause: unknown) =>
  new LoadError(
    "unreachable",
    address,
    `${address} could not be read (${cause instanceof Error ? cause.message : cause}).`,
  );

/**
 * Reads and checks one instance of a lab.
 *
 * @param seed 0 to 2^32 − 1
 * @throws LoadError when a file cannot be had; LabFaults when something in them is wrong
 */
export async function loadLab(source: LabSource, seed: number): Promise<Lab> {
  const { lab, faults } = readLab(await readTexts(source), seed, source);
  if (!lab) throw new LabFaults(source.address, faults);
  return lab;
}

/** Reads the three texts of a lab at once. */
export async function readTexts(source: LabSource) {
  const read = (path: string) =>
    source.read(path, FILE_LIMITS.text).then((bytes) => decode(bytes, source.address + path));
  const [yaml, en, zh] = await Promise.all([read("lab.yaml"), read("en.md"), read("zh.md")]);
  return { yaml, prose: { en, zh } };
}

function decode(bytes: Uint8Array, address: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new LoadError("not-text", address, `${address} is not text in UTF-8.`);
  }
}
