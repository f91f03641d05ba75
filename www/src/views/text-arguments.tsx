// A form of plain texts, for prompts and resource templates, with the server's suggestions while typing.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Suggest } from "../state/actions";
import { link } from "../state/app";
import { useStore } from "../state/store";
import { Button } from "../ui/bits";
import { humanize } from "../schema/model";

interface Argument {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
}

interface Props {
  readonly label: string;
  readonly fields: readonly Argument[];
  readonly action: string;
  readonly suggest: Suggest;
  readonly preview?: (values: Record<string, string>) => string;
  readonly onSubmit: (values: Record<string, string>) => void;
}

export function TextArguments({ label, fields, action, suggest, preview, onSubmit }: Props) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [submitted, setSubmitted] = useState(false);
  const connected = useStore(link).state.status === "connected";
  const root = useRef<HTMLFormElement>(null);
  const missing = (field: Argument): boolean => field.required === true && !values[field.name];
  const submit = (): void => {
    if (!connected) return;
    setSubmitted(true);
    if (!fields.some(missing)) return onSubmit(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "")));
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <form
      class="card"
      ref={root}
      noValidate
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        submit();
      }}
    >
      <div class="card-head"><h3>{label}</h3></div>
      <div class="card-body fields">
        {fields.length === 0 && <p class="nothing">Nothing to fill in.</p>}
        {fields.map((field) => (
          <TextArgument
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            others={values}
            problem={submitted && missing(field) ? "Required." : undefined}
            suggest={suggest}
            onChange={(value) => setValues((all) => ({ ...all, [field.name]: value }))}
          />
        ))}
        {preview && <p class="preview"><code>{preview(values)}</code></p>}
      </div>
      <div class="card-foot"><Button look="primary" type="submit" icon="play" disabled={!connected}>{action}</Button></div>
    </form>
  );
}

interface ArgumentProps {
  readonly field: Argument;
  readonly value: string;
  readonly others: Record<string, string>;
  readonly problem: string | undefined;
  readonly suggest: Suggest;
  readonly onChange: (value: string) => void;
}

function TextArgument({ field, value, others, problem, suggest, onChange }: ArgumentProps) {
  const id = useId();
  const [options, setOptions] = useState<readonly string[]>([]);
  const [focused, setFocused] = useState(false);
  useEffect(() => {
    if (!focused) return;
    let wanted = true;
    const { [field.name]: _, ...rest } = others;
    // Not a request per key stroke.
    const timer = setTimeout(() => void suggest(field.name, value, rest).then((found) => wanted && setOptions(found)), 150);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [focused, value, suggest]);
  const described = [problem && `${id}-problem`, field.description && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <div class="field-head">
        <label class="field-label" for={id}>
          <span>{field.title ?? humanize(field.name)}</span>
          {field.required && <span class="required" title="Required" aria-hidden="true">*</span>}
          {field.name !== field.title && field.name !== humanize(field.name).toLowerCase() && <code class="field-name" aria-hidden="true">{field.name}</code>}
        </label>
      </div>
      {field.description && <p class="hint" id={`${id}-hint`}>{field.description}</p>}
      <input
        id={id}
        class="input"
        list={`${id}-list`}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problem ? true : undefined}
        aria-required={field.required || undefined}
        aria-describedby={described || undefined}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <datalist id={`${id}-list`}>{options.map((option) => <option key={option} value={option} />)}</datalist>
      {problem && <p class="problem" id={`${id}-problem`}>{problem}</p>}
    </div>
  );
}
