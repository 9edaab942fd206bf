import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig, preview } from "vite";

/** The built site and another one, both served on free ports. */
export interface Served {
  /** The site over http://localhost, a secure context. */
  readonly site: string;
  /** The same over an address of this machine's network, which browsers do not trust; undefined without a network. */
  readonly lan: string | undefined;
  /** Another origin: lets any site read the labs in `test/browser`, and frames the site. */
  readonly elsewhere: string;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Builds the site, serves it, and serves another origin beside it. */
export async function serveSite(): Promise<Served> {
  const outDir = join(ROOT, ".build/site");
  await buildAsShipped({ root: ROOT, logLevel: "warn", build: { outDir, emptyOutDir: true } });
  const site = await preview({
    root: ROOT,
    logLevel: "error",
    build: { outDir },
    preview: { port: 0, host: "0.0.0.0" },
  });
  const { port } = site.httpServer.address() as AddressInfo;
  const own = `http://localhost:${port}/`;
  const lan = lanAddress();
  const other = await startElsewhere(own);
  return {
    site: own,
    lan: lan && `http://${lan}:${port}/`,
    elsewhere: `http://127.0.0.1:${(other.address() as AddressInfo).port}/`,
    async close() {
      await site.close();
      other.close();
    },
  };
}

/** Builds and serves a page that shows one view at a time with made-up data: `test/browser/views`. */
export async function serveViews(): Promise<{ readonly views: string; close(): Promise<void> }> {
  const root = join(ROOT, "test/browser/views");
  const options = { outDir: join(ROOT, ".build/views"), emptyOutDir: true, target: "es2022" };
  await buildAsShipped({ root, configFile: false, base: "./", logLevel: "warn", build: options });
  const server = await preview({ root, configFile: false, logLevel: "error", build: options, preview: { port: 0 } });
  const { port } = server.httpServer.address() as AddressInfo;
  return { views: `http://localhost:${port}/`, close: () => server.close() };
}

/** A test runner's own NODE_ENV would put the libraries' development builds into the site, which are larger and differ. */
async function buildAsShipped(config: InlineConfig): Promise<void> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  try {
    await build(config);
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}

function lanAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** A course page's server: some files, and `/frame?…`, which frames the site at that query. */
function startElsewhere(site: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://elsewhere");
    response.setHeader("access-control-allow-origin", "*");
    if (pathname === "/frame") {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><iframe width="1200" height="700" src="${site}${search}"></iframe>`);
      return;
    }
    try {
      response.end(await readFile(join(ROOT, "test/browser", pathname)));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  return new Promise((resolve) => server.listen(0, "0.0.0.0", () => resolve(server)));
}
