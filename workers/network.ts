/** The links between hosts in a worker: frames come and go over one cable to each host, and never pass the page. */
import { expose } from "comlink";
import { realFabric } from "../src/machine/clock.ts";
import { Network } from "../src/network/network.ts";

expose(new Network(realFabric));
