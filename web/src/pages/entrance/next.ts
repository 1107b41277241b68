// Where somebody goes after the sign-in: to where they were going, if that is a page of ours.

/** A path of this page; never an address elsewhere, whatever a link tries to say. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) {
    return "/";
  }
  const here = new URL("http://here.invalid");
  return new URL(next, here).origin === here.origin ? next : "/";
}

/** Whether a path is answered by the hub itself: pages of forms, and what leads on from them, are none of this
    application's own. The hub writes them with the path of its public URL before them, while the pages of this
    application, which may be of a project called `p`, are below `projects/`. */
export function isServed(path: string): boolean {
  return /^(?:\/(?!projects\/)[^/?#]+)*\/p\//.test(path);
}
