// The front end starts here: styles, the three pages and their addresses.
import "@fontsource/barlow-semi-condensed/latin-500.css";
import "@fontsource/barlow-semi-condensed/latin-600.css";
import "../node_modules/.core-fonts/core.css";
import "./theme/tokens.css";
import "./theme/page.css";
import { createApp } from "vue";
import App from "./App.vue";
import { router } from "./router";

createApp(App).use(router).mount("#app");

// Characters outside our own texts (a street's rare name) come from slices that are described only once the page stands.
addEventListener("load", () => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = "/fonts/index.css";
  document.head.append(link);
});
