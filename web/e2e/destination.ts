// A destination on this machine: it answers what a test wants it to, until it is mended.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  status: number;
  type?: string;
  body?: string;
}

export class Destination {
  /** The bodies that came in, in order. */
  readonly received: string[] = [];

  private constructor(
    private readonly server: Server,
    public answer: Answer,
  ) {}

  static async start(answer: Answer): Promise<Destination> {
    const server = createServer();
    const destination = new Destination(server, answer);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        destination.received.push(Buffer.concat(parts).toString("utf8"));
        const { status, type = "text/plain", body = "" } = destination.answer;
        response.writeHead(status, { "content-type": type }).end(body);
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return destination;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
