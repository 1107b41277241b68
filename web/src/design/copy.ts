// Copies a text. Browsers give the clipboard to pages of https and of this machine only; a hub in a
// local network without a certificate copies the older way.
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  // Out of sight, but not hidden: what is hidden cannot be selected.
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
