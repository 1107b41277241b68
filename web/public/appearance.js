// Puts the reader's choice of light or dark, and of language, on the page before anything is drawn,
// so that nothing flashes. It stands in a file of its own because pages may hold no script.
(() => {
  let scheme = null;
  let language = null;
  try {
    scheme = localStorage.getItem("fieldpost-scheme");
    language = localStorage.getItem("fieldpost-language");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  if (scheme !== "light" && scheme !== "dark") {
    scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  const root = document.documentElement;
  root.setAttribute("data-mantine-color-scheme", scheme);
  if (language) {
    root.lang = language;
  }
})();
