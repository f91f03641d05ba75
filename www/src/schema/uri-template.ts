// The part of RFC 6570 that resource templates use: expressions of one or more variables, with every operator,
// string values only (no lists, no maps, which a form of text fields cannot hold).

const EXPRESSION = /\{([+#./;?&]?)([^{}]+)\}/g;

interface Operator {
  readonly first: string;
  readonly separator: string;
  readonly named: boolean;
  readonly reserved: boolean;
}
const plain: Operator = { first: "", separator: ",", named: false, reserved: false };
const operators: Readonly<Record<string, Operator>> = {
  "+": { ...plain, reserved: true },
  "#": { ...plain, first: "#", reserved: true },
  ".": { ...plain, first: ".", separator: "." },
  "/": { ...plain, first: "/", separator: "/" },
  ";": { ...plain, first: ";", separator: ";", named: true },
  "?": { ...plain, first: "?", separator: "&", named: true },
  "&": { ...plain, first: "&", separator: "&", named: true },
};

function parts(list: string): { name: string; length: number | undefined }[] {
  return list.split(",").map((part) => {
    const [name = "", length] = part.trim().replace(/\*$/, "").split(":");
    return { name, length: length === undefined ? undefined : Number(length) };
  });
}

/** The names of the variables, each once, in order. */
export function variables(template: string): string[] {
  const names = [...template.matchAll(EXPRESSION)].flatMap((match) => parts(match[2] ?? "").map((part) => part.name));
  return [...new Set(names.filter(Boolean))];
}

/** The template with its variables replaced. A variable without a value is left out. */
export function expand(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(EXPRESSION, (_, sign: string, list: string) => {
    const operator = operators[sign] ?? plain;
    const given = parts(list).flatMap(({ name, length }) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined || value === "") return [];
      const text = encode(length === undefined ? value : [...value].slice(0, length).join(""), operator.reserved);
      return [operator.named ? `${name}=${text}` : text];
    });
    return given.length === 0 ? "" : operator.first + given.join(operator.separator);
  });
}

function encode(text: string, reserved: boolean): string {
  if (reserved) return encodeURI(text).replace(/%25([0-9A-Fa-f]{2})/g, "%$1").replaceAll("%5B", "[").replaceAll("%5D", "]");
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
