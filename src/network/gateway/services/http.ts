/** The one page of a gateway: who asked, as seen from here (HTTP/1.0 and 1.1, RFC 9112, one request a connection). */
import { formatIpv4 } from "../../codec/index.ts";
import type { Endpoint } from "../endpoint.ts";
import type { TcpService } from "../tcp/services.ts";

/** Bytes of a request's head; a longer one is answered with 431. */
const LONGEST_HEAD = 4096;
const HEAD_ENDS = "\r\n\r\n";

/** @param name what the gateway is called */
export const page =
  (name: string): TcpService =>
  (peer, local) => {
    let head = "";
    return {
      receive(bytes) {
        head += String.fromCharCode(...bytes.subarray(0, LONGEST_HEAD));
        if (head.includes(HEAD_ENDS)) return { send: respond(head, name, peer, local), close: true };
        if (head.length < LONGEST_HEAD) return {};
        return { send: response("431 Request Header Fields Too Large", ""), close: true };
      },
      ended: () => ({ close: true }),
    };
  };

/** Words of a protocol rather than of a language: what a lab's check reads and a student recognises. */
function respond(head: string, name: string, peer: Endpoint, local: Endpoint): Uint8Array {
  const [method = "", target = ""] = head.split("\r\n", 1)[0]!.split(" ");
  if (method !== "GET" && method !== "HEAD") return response("405 Method Not Allowed", "");
  if (target.split("?")[0] !== "/") return response("404 Not Found", "");
  const text = `server ${name} ${endpoint(local)}\nclient ${endpoint(peer)}\n`;
  return response("200 OK", text, method === "HEAD");
}

const endpoint = ({ address, port }: Endpoint) => `${formatIpv4(address)}:${port}`;

function response(status: string, text: string, headOnly = false): Uint8Array {
  const lines = [
    `HTTP/1.1 ${status}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${text.length}`,
    "Connection: close",
  ];
  const whole = `${lines.join("\r\n")}${HEAD_ENDS}${headOnly ? "" : text}`;
  return Uint8Array.from(whole, (character) => character.charCodeAt(0));
}
