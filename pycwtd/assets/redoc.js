"use strict";
window.addEventListener("load", () => {
  Redoc.init("/openapi.json", { hideDownloadButton: false }, document.getElementById("page"));
});
