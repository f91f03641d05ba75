// The top of the page.
import { client, server } from "../state/app";
import { close } from "../state/connection";
import { bridged, isDark, logOpen, theme } from "../state/prefs";
import { useStore } from "../state/store";
import { Badge, Button } from "../ui/bits";
import { carrierLabel } from "../ui/carrier";
import { Mark } from "../ui/icons";
import { LinkPill } from "./link";

export function Header({ wide, onHelp }: { wide: boolean; onHelp: () => void }) {
  const open = useStore(client);
  const info = useStore(server);
  const shown = useStore(logOpen);
  const bridge = useStore(bridged);
  return (
    <header class="header">
      <div class="brand">
        <Mark />
        <p class="brand-name"><strong>everywire</strong> <span>inspector</span></p>
      </div>
      {open && info && (
        <div class="header-link">
          <LinkPill />
          <span class="header-server">{info.serverInfo?.title ?? info.serverInfo?.name ?? "Server"}</span>
          {bridge && <span class="header-bridge muted" title="Through everywire bridge">bridge to {bridge}</span>}
          <Badge tone={info.era === "modern" ? "accent" : "neutral"} title={`Protocol version ${info.protocolVersion}, ${info.era} era`}>{carrierLabel(info)}</Badge>
        </div>
      )}
      <span class="spring" />
      {open && wide && <Button look="quiet" icon="panel" pressed={shown} label={shown ? "Hide the event log (L)" : "Show the event log (L)"} onClick={() => logOpen.set(!shown)} />}
      <ThemeButton />
      <Button look="quiet" icon="keyboard" class="desk" label="Keyboard shortcuts (?)" onClick={onHelp} />
      {open && <Button class="disconnect" icon="power" onClick={close} title="Disconnect">Disconnect</Button>}
    </header>
  );
}

function ThemeButton() {
  useStore(theme);
  const dark = isDark();
  return <Button look="quiet" icon={dark ? "sun" : "moon"} label={dark ? "Light colours" : "Dark colours"} onClick={() => theme.set(dark ? "light" : "dark")} />;
}
