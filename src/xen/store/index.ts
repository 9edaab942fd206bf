export { Connection } from "./connection.ts";
export { Store } from "./store.ts";
