export { createXenPlatform, XenPlatform } from "./platform.ts";
