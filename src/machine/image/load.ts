import { createSHA256 } from "hash-wasm";
import { concat } from "../bytes.ts";
import { ImageError, type Part } from "./manifest.ts";

/** Where an image's files come from: a site, a folder. */
export interface ImageSource {
  /**
   * Opens a file of the catalogue.
   *
   * @throws when it cannot be had; the error's message says why
   */
  open(file: string): Promise<ReadableStream<Uint8Array>>;
}

/** @returns 64 hexadecimal digits. In WebAssembly: `crypto.subtle` is not there in an insecure context. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await createSHA256();
  return hash.init().update(bytes).digest("hex");
}

/**
 * Fetches one part of an image, checks it against the manifest and inflates it.
 *
 * A server may have inflated it already (it says `Content-Encoding: gzip` for a `.gz` file); then the content's own
 * hash is checked instead.
 *
 * @param name  what to call it in messages
 * @param onBytes  called with the number of bytes that arrived so far
 * @throws ImageError naming the file when it is missing, cut short, damaged or not what the manifest says
 */
export async function loadPart(
  source: ImageSource,
  name: string,
  part: Part,
  onBytes: (loaded: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const shipped = await readAll(source, name, part, onBytes);
  const zipped = shipped[0] === 0x1f && shipped[1] === 0x8b;
  const expected = zipped
    ? { bytes: part.bytes, sha256: part.sha256 }
    : { bytes: part.rawBytes, sha256: part.rawSha256 };
  if (shipped.length !== expected.bytes) {
    throw damaged(name, part, `it has ${shipped.length} bytes, ${expected.bytes} were expected`);
  }
  if ((await sha256(shipped)) !== expected.sha256) throw damaged(name, part, "its SHA-256 differs from the manifest's");
  return zipped ? inflate(shipped, name, part) : shipped;
}

async function readAll(
  source: ImageSource,
  name: string,
  part: Part,
  onBytes: (loaded: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = (await source.open(part.file)).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      loaded += next.value.length;
      if (loaded > part.rawBytes + part.bytes) break; // endless: the size check will name it
      onBytes(Math.min(loaded, part.bytes));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ImageError(
      `The image's ${name} (\`${part.file}\`) could not be loaded: ${why}. Check the connection and try again.`,
    );
  }
  return concat(pieces);
}

async function inflate(zipped: Uint8Array<ArrayBuffer>, name: string, part: Part): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(part.rawBytes);
  let at = 0;
  try {
    const reader = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      content.set(next.value, at); // throws when there is more than the manifest says
      at += next.value.length;
    }
  } catch {
    throw damaged(name, part, "it cannot be inflated");
  }
  if (at !== part.rawBytes) throw damaged(name, part, `it inflates to ${at} bytes, ${part.rawBytes} were expected`);
  return content;
}

const damaged = (name: string, part: Part, how: string) =>
  new ImageError(
    `The image's ${name} (\`${part.file}\`) is damaged: ${how}. Load the page anew; if it stays, the site's copy is broken.`,
  );
