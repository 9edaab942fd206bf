/// <reference types="vite/client" />
/** A host in a worker: its guests, and the ways of this site to their images. */
import { expose } from "comlink";
import v86Wasm from "v86/build/v86.wasm?url";
import manifest from "../images/built/manifest.json";
import { Host, openBrowserSnapshots, parseManifest } from "../src/machine/index.ts";
import { createXenPlatform } from "../src/xen/index.ts";

const files = import.meta.glob<string>("../images/built/*.gz", { query: "?url", import: "default", eager: true });

async function fetchFrom(address: string): Promise<Response & { body: ReadableStream<Uint8Array> }> {
  const response = await fetch(address);
  if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
  return response as Response & { body: ReadableStream<Uint8Array> };
}

/** Compiles while the bytes arrive where the server names their type, and afterwards where it does not. */
async function compile(): Promise<WebAssembly.Module> {
  const response = await fetchFrom(v86Wasm);
  const typed = response.headers.get("Content-Type")?.startsWith("application/wasm");
  return typed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

const host = new Host({
  manifest: parseManifest(manifest),
  snapshots: openBrowserSnapshots(),
  compile,
  platform: createXenPlatform(),
  wasm: async () => new Uint8Array(await (await fetchFrom(v86Wasm)).arrayBuffer()),
  images: {
    open: async (file) => {
      const address = files[`../images/built/${file}`];
      if (!address) throw new Error("this site was built without it");
      return (await fetchFrom(address)).body;
    },
  },
});

/** What a page sees: the host's interface and {@link Host.prepare}. */
export type WorkerHost = Host;

expose(host);
host.warm().catch(() => {});
