import type { TestProject } from "vitest/node";
import { type Served, serveSite } from "./serve.ts";

declare module "vitest" {
  export interface ProvidedContext {
    site: Served["site"];
    lan: Served["lan"];
    elsewhere: Served["elsewhere"];
  }
}

/** Serves the built site once for all browser tests. */
export default async function setup(project: TestProject) {
  const { site, lan, elsewhere, close } = await serveSite();
  project.provide("site", site);
  project.provide("lan", lan);
  project.provide("elsewhere", elsewhere);
  return close;
}
