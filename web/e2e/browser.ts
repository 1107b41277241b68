// A browser for a test. Whatever a page complains of, a breach of the policy above all, fails it.
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Answers that are part of the way: a page asks who is signed in before anybody is, and the hub
 *  refuses what cannot be. */
const EXPECTED = /Failed to load resource: the server responded with a status of (401|409|412|422)/;

export function launch(): Promise<Browser> {
  // The sandbox needs what containers do not give; the pages are our own.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** A window whose complaints are collected. */
export class Window {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly complaints: string[],
  ) {}

  /** `asked` is the address of a page that is to say 404, where there is one. */
  static async open(
    browser: Browser,
    options: BrowserContextOptions = {},
    asked?: string,
  ): Promise<Window> {
    const context = await browser.newContext({
      locale: "en-GB",
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      const { url } = message.location();
      const isAsked = asked !== undefined && url.endsWith(asked);
      if (message.type() === "error" && !isAsked && !EXPECTED.test(message.text())) {
        complaints.push(`${message.text()} ${url}`);
      }
    });
    return new Window(context, page, complaints);
  }

  /** Ends it, and fails where a page complained. */
  async close(): Promise<void> {
    await this.context.close();
    if (this.complaints.length > 0) {
      throw new Error(`the pages complained:\n${this.complaints.join("\n")}`);
    }
  }
}
