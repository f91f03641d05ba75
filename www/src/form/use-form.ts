// The behaviour of one form: which messages are due, and what submitting does.
import { useId, useMemo, useState } from "preact/hooks";
import { read, type Draft } from "../schema/draft";
import type { Field } from "../schema/model";
import type { FormContext } from "./context";

export interface FormHandle {
  readonly context: FormContext;
  /** The value, or nothing: then every message is shown and the first control with one gets the focus. */
  readonly submit: (root: HTMLElement | null) => { value: unknown } | undefined;
  readonly reset: () => void;
}

export function useForm(field: Field, draft: Draft): FormHandle {
  const id = useId();
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [submitted, setSubmitted] = useState(false);
  const reading = useMemo(() => read(field, draft), [field, draft]);
  const context: FormContext = {
    id,
    problems: reading.problems,
    // Merely passing an empty required field on the way is no mistake yet.
    due: (path) => submitted || (touched.has(path) && reading.problems.get(path) !== "Required."),
    touch: (path) => setTouched((all) => (all.has(path) ? all : new Set(all).add(path))),
  };
  return {
    context,
    submit: (root) => {
      if (reading.problems.size === 0) return { value: reading.value };
      setSubmitted(true);
      requestAnimationFrame(() => {
        const first = root?.querySelector<HTMLElement>('[aria-invalid="true"], .field:has(> .problem) :is(input, textarea, select, button)');
        first?.focus();
      });
      return undefined;
    },
    reset: () => {
      setTouched(new Set());
      setSubmitted(false);
    },
  };
}
