// A real hub for a test: the binary, a folder of its own, and its first owner, who is made as a
// person would make one: by opening the link that the hub prints.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.FIELDPOST_BIN ??
  fileURLToPath(new URL("../../target/debug/fieldpost", import.meta.url));
/** How long a hub may take to start, on a machine that is busy with other tests. */
const PATIENCE_MILLISECONDS = 60_000;

export const OWNER = {
  email: "amina@example.org",
  name: "Amina",
  password: "a long sentence for the tests",
};
/** The secret of the source `intake`. */
export const INBOX = "secret-of-the-intake-1";

/** One source that takes JSON, one destination that nobody reaches, one standing order. */
const PROJECT = `
project: clinic
title: Clinic network
sources:
  intake: { dialect: json, secret: ${INBOX} }
connections:
  warehouse: { url: "http://127.0.0.1:9/hook" }
forwarders:
  births: { on: message, from: intake, match: { form: births }, to: warehouse }
`;

export class Hub {
  private constructor(
    readonly url: string,
    /** The link that makes the first owner. */
    readonly welcome: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts one, with a project of its own. Destinations on this machine may be called. */
  static async start(project = PROJECT): Promise<Hub> {
    const folder = mkdtempSync(join(tmpdir(), "fieldpost-e2e-"));
    const file = join(folder, "project.yaml");
    writeFileSync(file, project);
    const hub = spawn(
      BINARY,
      [
        ...["serve", "--listen", "127.0.0.1:0", "--allow-network", "127.0.0.0/8"],
        ...["--data", join(folder, "data"), "--project", file],
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, FIELDPOST_LOG_LEVEL: "error" },
      },
    );
    try {
      const { url, welcome } = await printed(hub);
      return new Hub(url, welcome, hub, folder);
    } catch (error) {
      hub.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Sends a message to the source, as its sender would. */
  async send(body: unknown): Promise<void> {
    const response = await fetch(`${this.url}/inbox/${INBOX}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`the inbox answered ${response.status}: ${await response.text()}`);
    }
  }

  /** Sends a filled form, as a phone would, to one of the receiver paths. */
  async sendForm(xml: string, files: Record<string, Blob> = {}, path = "/p/clinic/submission") {
    const form = new FormData();
    form.append("xml_submission_file", new Blob([xml], { type: "text/xml" }), "form.xml");
    for (const [name, file] of Object.entries(files)) {
      form.append(name, file, name);
    }
    const response = await fetch(this.url + path, { method: "POST", body: form });
    if (response.status !== 201) {
      throw new Error(`the receiver answered ${response.status}: ${await response.text()}`);
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until the hub has said where it is, and how its first owner comes in. */
function printed(hub: ChildProcess): Promise<{ url: string; welcome: string }> {
  const { stdout } = hub;
  if (stdout === null) {
    throw new Error("the hub's output is not read");
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("the hub printed no link")),
      PATIENCE_MILLISECONDS,
    );
    let url: string | null = null;
    let welcome: string | null = null;
    hub.once("exit", (code) => reject(new Error(`the hub ended with ${code}`)));
    hub.once("error", reject);
    createInterface({ input: stdout }).on("line", (line) => {
      url ??= /serves at (http:\S+)/.exec(line)?.[1] ?? null;
      welcome ??= /(http:\S+\/welcome#\S+)/.exec(line)?.[1] ?? null;
      if (url !== null && welcome !== null) {
        clearTimeout(timer);
        resolve({ url: url.replace(/\/$/, ""), welcome });
      }
    });
  });
}
