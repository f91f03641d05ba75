// A modal dialog. The browser keeps the focus inside and gives Escape to `onCancel`.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons";

interface Props {
  readonly icon: IconName;
  /** What is wanted, above the name of who wants it. */
  readonly eyebrow: string;
  readonly title: string;
  readonly aside?: string | undefined;
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ icon, eyebrow, title, aside, onCancel, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    // The first thing to fill in, else the browser's choice.
    element?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="dialog-title"
      aria-describedby="dialog-message"
      onCancel={(event) => {
        event.preventDefault();
        onCancel();
      }}
    >
      <div class="dialog-head">
        <span class="dialog-icon"><Icon name={icon} size={18} /></span>
        <div>
          <p class="eyebrow">{eyebrow}</p>
          <h2 id="dialog-title">{title}</h2>
        </div>
        {aside && <span class="badge neutral">{aside}</span>}
      </div>
      {children}
    </dialog>
  );
}
