"use strict";
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#page",
    deepLinking: true,
    // The public validator would be told of this appliance.
    validatorUrl: null,
  });
});
