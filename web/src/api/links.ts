// Links that the hub makes. A hub that was not told its public address writes them without a host;
// whoever is to use them elsewhere needs the whole of them, and the page knows where it is.

export const wholeLink = (link: string): string => new URL(link, window.location.origin).href;
