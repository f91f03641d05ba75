// A list with the chosen item beside it; on a phone one after the other.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../ui/bits";
import { Boundary } from "../ui/boundary";

interface Props {
  readonly noun: string;
  /** What is chosen, if anything. */
  readonly about: unknown;
  readonly onBack: () => void;
  readonly list: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Split({ noun, about, onBack, list, children }: Props) {
  const open = about !== undefined;
  const detail = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone the list is gone now: the reader starts at the top of what was chosen.
    if (open) detail.current?.scrollTo(0, 0);
  }, [about]);
  return (
    <div class={`split${open ? " open" : ""}`}>
      <aside class="split-list" aria-label={`List of ${noun}`}>{list}</aside>
      <div class="split-detail" ref={detail}>
        <div class="back"><Button look="quiet" icon="left" onClick={onBack}>All {noun}</Button></div>
        <Boundary of={about}>{children}</Boundary>
      </div>
    </div>
  );
}
