/** A gateway: loaded where a link asks for one. */
export { makeGateway } from "./gateway.ts";
