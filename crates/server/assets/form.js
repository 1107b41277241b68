// What the pages of forms can do besides, where scripts run. Without any of it everything works.
"use strict";

// Some browsers lead nobody to what is wrong by themselves.
const first = document.querySelector("[autofocus]");
if (first !== null && document.activeElement !== first) {
  first.focus();
}

// A position can be filled in by the browser.
if ("geolocation" in navigator && window.isSecureContext) {
  for (const place of document.querySelectorAll("[data-position]")) {
    const name = place.dataset.position;
    const told = place.querySelector("[role=status]");
    const control = (part) => document.getElementsByName(`${name}.${part}`)[0];
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => {
      told.textContent = told.dataset.busy;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          control("lat").value = coords.latitude.toFixed(6);
          control("lon").value = coords.longitude.toFixed(6);
          told.textContent = "";
        },
        () => {
          told.textContent = told.dataset.failed;
        },
        { enableHighAccuracy: true, timeout: 30000 },
      );
    });
  }
}

// Who presses twice means once.
for (const form of document.forms) {
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
    }
    isSent = true;
  });
}
window.addEventListener("pageshow", (event) => {
  // A page that comes back from a browser's memory has not been sent.
  if (event.persisted) {
    window.location.reload();
  }
});
