// Controls for single values.
import { Segments } from "../ui/bits";
import type { BooleanField, ChoiceField, ChoicesField, NumberField, RawField, TextField } from "../schema/model";
import { useControl, type ControlProps } from "./context";

const inputTypes = {
  email: "email", uri: "url", url: "url", date: "date", "date-time": "datetime-local", time: "time", password: "password",
} as const;
// Preact types the attributes of each input type apart; those used here are valid for all of these.
const inputType = (format = "") => (Object.hasOwn(inputTypes, format) ? inputTypes[format as keyof typeof inputTypes] : "text") as "text";

export function TextControl({ field, draft, path, onChange }: ControlProps<TextField>) {
  const { aria } = useControl(field, path);
  const value = typeof draft === "string" ? draft : "";
  const placeholder = field.format === "email" ? "name@example.com" : field.format === "uri" ? "https://" : undefined;
  if (field.multiline) {
    return <textarea {...aria} class="input grow" rows={2} value={value} spellcheck={false} onInput={(event) => onChange(event.currentTarget.value)} />;
  }
  return (
    <input
      {...aria}
      class="input"
      type={inputType(field.format)}
      step={field.format === "date-time" ? 1 : undefined}
      value={value}
      placeholder={placeholder}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** A text control with a numeric keyboard: a `number` control hides what was typed when it cannot read it. */
export function NumberControl({ field, draft, path, onChange }: ControlProps<NumberField>) {
  const { aria } = useControl(field, path);
  const value = typeof draft === "string" ? draft : "";
  const step = (by: number): void => {
    const now = Number(value);
    let next = (Number.isFinite(now) ? now : 0) + by * (field.multipleOf ?? 1);
    if (field.min !== undefined) next = Math.max(field.min, next);
    if (field.max !== undefined) next = Math.min(field.max, next);
    onChange(String(Number(next.toPrecision(12))));
  };
  return (
    <div class="number">
      <input
        {...aria}
        class="input"
        type="text"
        inputMode={field.integer && (field.min ?? -1) >= 0 ? "numeric" : "decimal"}
        value={value}
        autocomplete="off"
        role="spinbutton"
        aria-valuenow={value !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined}
        aria-valuemin={field.min}
        aria-valuemax={field.max}
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          step(event.key === "ArrowUp" ? 1 : -1);
        }}
      />
      <span class="limits">{limits(field)}</span>
    </div>
  );
}

function limits({ min, max, exclusiveMin, exclusiveMax, integer }: NumberField): string {
  const low = min ?? exclusiveMin;
  const high = max ?? exclusiveMax;
  if (low !== undefined && high !== undefined) return `${low} – ${high}`;
  if (low !== undefined) return `≥ ${low}`;
  if (high !== undefined) return `≤ ${high}`;
  return integer ? "integer" : "number";
}

/** On or off; without a default and not required there is a third state: not said. */
export const isSwitch = (field: BooleanField): boolean => field.required || typeof field.fallback === "boolean";

export function BooleanControl({ field, draft, path, onChange }: ControlProps<BooleanField>) {
  const { aria, id } = useControl(field, path);
  if (isSwitch(field)) {
    return (
      <span class="switch">
        <input {...aria} aria-required={undefined} type="checkbox" role="switch" checked={draft === true} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span class="switch-track" aria-hidden="true" />
      </span>
    );
  }
  return (
    <Segments
      label={field.title}
      name={id}
      value={draft === undefined ? "unset" : String(draft)}
      options={[{ value: "unset", label: "not set" }, { value: "true", label: "true" }, { value: "false", label: "false" }]}
      onChange={(value) => onChange(value === "unset" ? undefined : value === "true")}
    />
  );
}

/** Few short options, one of which is always meant, stand side by side. */
export function isSegmented(field: ChoiceField): boolean {
  const letters = field.options.reduce((sum, option) => sum + option.title.length + 3, 0);
  return (field.required || field.fallback !== undefined) && field.options.length <= 4 && letters <= 40;
}

export function ChoiceControl({ field, draft, path, onChange }: ControlProps<ChoiceField>) {
  const { aria, id } = useControl(field, path);
  const value = typeof draft === "string" ? draft : "";
  if (isSegmented(field)) {
    return (
      <Segments
        label={field.title}
        name={id}
        value={value}
        describedBy={aria["aria-describedby"]}
        options={field.options.map((option, index) => ({ value: String(index), label: option.title }))}
        onChange={onChange}
      />
    );
  }
  return (
    <select {...aria} class="input select" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{field.required ? "Choose…" : "Not set"}</option>
      {field.options.map((option, index) => <option key={index} value={String(index)}>{option.title}</option>)}
    </select>
  );
}

export function ChoicesControl({ field, draft, path, onChange }: ControlProps<ChoicesField>) {
  const { id, aria } = useControl(field, path);
  const picked = Array.isArray(draft) ? (draft as readonly number[]) : [];
  const toggle = (index: number): void => onChange(picked.includes(index) ? picked.filter((one) => one !== index) : [...picked, index]);
  return (
    <div class="chips" role="group" id={id} aria-label={field.title} aria-describedby={aria["aria-describedby"]}>
      {field.options.map((option, index) => (
        <label key={index} class="chip">
          <input type="checkbox" checked={picked.includes(index)} onChange={() => toggle(index)} onBlur={aria.onBlur} />
          <span>{option.title}</span>
        </label>
      ))}
    </div>
  );
}

export function RawControl({ field, draft, path, onChange }: ControlProps<RawField>) {
  const { aria } = useControl(field, path);
  return (
    <div class="raw">
      <textarea
        {...aria}
        class="input grow code"
        rows={3}
        value={typeof draft === "string" ? draft : ""}
        placeholder="JSON"
        spellcheck={false}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p class="hint">{field.reason} Edited as JSON.</p>
    </div>
  );
}
