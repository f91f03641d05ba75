import { render } from "preact";
import "./style/fonts.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/forms.css";
import "./style/content.css";
import "./style/log.css";
import { open } from "./state/connection";
import { applyTheme, era, takeFragment } from "./state/prefs";
import { plainTarget } from "./state/target";
import { Shell } from "./views/shell";

applyTheme();
const prefill = takeFragment();
const root = document.getElementById("app");
if (root) render(<Shell prefill={prefill} />, root);
addEventListener("hashchange", () => {
  const { url, token = "" } = takeFragment();
  if (url) void open(plainTarget(url, token, era.value));
});
if (prefill.url) void open(plainTarget(prefill.url, prefill.token ?? "", era.value));
