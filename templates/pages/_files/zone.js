// Chooses the browser's own time zone where nobody has chosen one; without this script UTC is chosen.
"use strict";
const select = document.querySelector("select[data-guess]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (select && zone && [...select.options].some((option) => option.value === zone)) {
  select.value = zone;
  document.getElementById("guessed").hidden = false;
}
