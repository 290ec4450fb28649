// Keeps the part of a page that tells how far something is current, and loads the page when it is done.
// Without this script there is a link to look again. The reader's place and the keyboard's focus stay.
"use strict";
const EVERY = 5000; // milliseconds
async function look() {
  const part = document.querySelector("[data-follow]");
  try {
    const answer = await fetch(part.dataset.follow, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = answer.ok && !answer.redirected && page.querySelector("[data-follow]");
    if (!now) return location.replace(part.dataset.follow);
    for (const told of ["progress", "[role=status]"]) {
      part.querySelector(told)?.replaceWith(now.querySelector(told));
    }
  } catch {} // the service may be restarting: asked again
  setTimeout(look, EVERY);
}
setTimeout(look, EVERY);
