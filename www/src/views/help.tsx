// The keyboard, explained.
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../ui/bits";

const shortcuts: readonly [string, string][] = [
  ["/", "Search the list"],
  ["1 – 4", "Tools, resources, prompts, server"],
  ["L", "Show or hide the event log"],
  ["↑ ↓", "Move in a list"],
  ["Ctrl Enter", "Call the tool, or accept the dialog"],
  ["Escape", "Cancel a running call, close a dialog, clear a search"],
  ["?", "This help"],
];

export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog narrow" aria-labelledby="help-title" onClose={onClose}>
      <div class="dialog-head"><h2 id="help-title">Keyboard</h2><span class="spring" /><Button look="quiet" icon="close" label="Close" onClick={() => dialog.current?.close()} /></div>
      <dl class="dialog-body shortcuts">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}><dt>{keys.split(" ").map((key) => (key === "–" ? <span key={key} class="to">to</span> : <kbd key={key}>{key}</kbd>))}</dt><dd>{what}</dd></div>
        ))}
      </dl>
    </dialog>
  );
}
