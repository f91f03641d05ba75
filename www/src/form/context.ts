// What the controls of one form share.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Draft, Problems } from "../schema/draft";
import type { Field } from "../schema/model";

export interface FormContext {
  /** Prefix of every id in this form. */
  readonly id: string;
  readonly problems: Problems;
  /** Whether the message at a path is due: the person has been there, or tried to submit. */
  readonly due: (path: string) => boolean;
  readonly touch: (path: string) => void;
}

export const Shared = createContext<FormContext>({ id: "", problems: new Map(), due: () => false, touch: () => {} });

export interface ControlProps<F extends Field = Field> {
  readonly field: F;
  readonly draft: Draft;
  readonly path: string;
  readonly onChange: (draft: Draft) => void;
}

/** The ids and ARIA attributes of the control at a path. */
export function useControl(field: Field, path: string) {
  const { id, problems, due, touch } = useContext(Shared);
  const problem = due(path) ? problems.get(path) : undefined;
  const own = `${id}${path}`;
  const described = [problem && `${own}-problem`, field.description && `${own}-hint`].filter(Boolean).join(" ");
  return {
    id: own,
    problem,
    aria: {
      id: own,
      name: own,
      "aria-invalid": problem ? (true as const) : undefined,
      "aria-required": field.required || undefined,
      "aria-describedby": described || undefined,
      onBlur: () => touch(path),
    },
  };
}
