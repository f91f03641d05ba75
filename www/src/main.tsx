import { render } from "preact";
import "./style/fonts.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/forms.css";
import "./style/content.css";
import "./style/log.css";
import { open } from "./state/connection";
import { applyTheme, bridged, era, takeFragment, type Asked } from "./state/prefs";
import { plainTarget } from "./state/target";
import { Shell } from "./views/shell";

const title = document.title;
bridged.watch(() => (document.title = bridged.value ? `${bridged.value} · everywire bridge` : title));

function connect({ url, token }: Asked): void {
  // Without the token that was once in the link there is no way in: the form says so.
  if (url && token !== "") void open(plainTarget(url, token ?? "", era.value));
}

applyTheme();
const prefill = takeFragment();
const root = document.getElementById("app");
if (root) render(<Shell prefill={prefill} />, root);
addEventListener("hashchange", () => connect(takeFragment()));
connect(prefill);
