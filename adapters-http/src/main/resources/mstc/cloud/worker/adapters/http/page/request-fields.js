/** Between a request's JSON and the fields of the form, both ways. */

const TEXTS = ["image", "jobName", "inputBucket", "outputBucket", "prefix"];
const NUMBERS = ["timeOut", "retries"];
const RESOURCES = ["cpu", "memory", "gpu"];
const LISTS = ["command", "args"];
const MAPS = ["env", "labels"];

/** What the form cannot make a request of; the message says which field and why. */
export class FieldError extends Error {}

/** The fields' texts for a request, by field name. */
export function fieldsOf(request) {
  const fields = {};
  for (const name of [...TEXTS, ...NUMBERS]) fields[name] = text(request[name]);
  for (const name of RESOURCES) fields[name] = text(request.resources?.[name]);
  for (const name of LISTS) fields[name] = (request[name] ?? []).join("\n");
  for (const name of MAPS)
    fields[name] = Object.entries(request[name] ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join("\n");
  return fields;
}

/** Whether the form can show the request without changing it: a value with line breaks needs JSON. */
export function fitsFields(request) {
  return (
    !/[\r\n]/.test(Object.values(fieldsOf({ ...request, command: [], args: [], env: {}, labels: {} })).join("")) &&
    [...LISTS, ...MAPS].every((name) =>
      Object.values(request[name] ?? {}).every((value) => value !== "" && !/[\r\n]/.test(value)),
    )
  );
}

/** The request that the fields tell; what the form has no field for is taken from `base`. */
export function requestOf(fields, base = {}) {
  const request = { ...base };
  for (const name of TEXTS) put(request, name, fields[name].trim());
  for (const name of NUMBERS) put(request, name, number(fields[name]));
  for (const name of LISTS) put(request, name, lines(fields[name]));
  for (const name of MAPS) put(request, name, pairs(name, fields[name]));
  const resources = { ...base.resources };
  for (const name of RESOURCES) put(resources, name, fields[name].trim());
  put(request, "resources", Object.keys(resources).length > 0 ? resources : "");
  return request;
}

function text(value) {
  return value === undefined || value === null ? "" : String(value);
}

/** A field that is left empty is not in the request. */
function put(object, name, value) {
  if (value === "" || value === undefined) delete object[name];
  else object[name] = value;
}

/** The number, or the text as it is, for the worker to say what is wrong with it. */
function number(field) {
  const value = field.trim();
  return /^\d{1,9}$/.test(value) ? Number(value) : value;
}

function lines(field) {
  const list = field
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line !== "");
  return list.length > 0 ? list : undefined;
}

function pairs(name, field) {
  const list = lines(field);
  if (!list) return undefined;
  return Object.fromEntries(
    list.map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new FieldError(`${name}: the line “${line}” has no name before an equals sign.`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}
