// The parameters of an address as rows of fields.

import { button, el, freshId, iconButton, refill } from "./dom.js";
import { hint, pathFault, queryFault, scalar } from "./parameters.js";

/** `values` is `{path: {name: value}, query: [{name, value}]}`. */
export class ParameterRows {
  constructor(endpoint, given, changed) {
    this.endpoint = endpoint;
    this.changed = changed;
    this.element = el("div.parameters");
    this.#adopt(given ?? { path: startingPath(endpoint), query: [] });
    this.#draw();
  }

  get values() {
    return { path: this.path, query: [...this.declared, ...this.free] };
  }

  /** Takes values from an address that was edited by hand. */
  take(values) {
    this.#adopt(values);
    this.#draw();
  }

  #adopt({ path, query }) {
    const names = this.endpoint.query_parameters.map((parameter) => parameter.name);
    const isFirst = (row) => names.includes(row.name) && query.find((other) => other.name === row.name) === row;
    this.path = { ...path };
    this.declared = names.map((name) => ({ name, value: query.find((row) => row.name === name)?.value ?? "" }));
    this.free = query.filter((row) => !isFirst(row)).map((row) => ({ ...row }));
  }

  #draw() {
    const { path_parameters: inPath, query_parameters: inQuery } = this.endpoint;
    const query = [...inQuery.map((it, index) => this.#queryRow(it, this.declared[index])), ...this.free.map((row) => this.#freeRow(row))];
    refill(this.element,
      inPath.length > 0 && this.#group("Path parameters", inPath.map((it) => this.#pathRow(it))),
      query.length > 0 && this.#group("Query parameters", query),
      button("Add query parameter", () => this.#add(), { class: "small add" }));
  }

  #group(title, rows) {
    return el("fieldset.group", {}, el("legend", {}, title), rows);
  }

  #pathRow(parameter) {
    const control = el("input", { type: "text", value: this.path[parameter.name] ?? "", placeholder: parameter.example });
    return this.#checkedRow(parameter.name, true, control, hint(parameter), (value) => {
      this.path[parameter.name] = value;
      return pathFault(parameter, value);
    });
  }

  #queryRow(parameter, row) {
    const { enum: choices, type, examples } = scalar(parameter.schema);
    const listed = choices ?? (type === "boolean" ? [true, false] : null);
    const control = listed ? choiceOf(listed, row.value) : el("input", { type: "text", value: row.value, placeholder: examples?.[0] ?? "" });
    return this.#checkedRow(parameter.name, parameter.required, control, parameter.description, (value) => {
      row.value = value;
      return queryFault(parameter, value);
    });
  }

  #checkedRow(name, isRequired, control, words, take) {
    const id = freshId("parameter");
    const note = el("p.hint", { id: `${id}-hint` }, words);
    const fault = el("p.fault", { id: `${id}-fault` });
    const check = () => {
      fault.textContent = take(control.value);
      fault.hidden = fault.textContent === "";
      control.setAttribute("aria-invalid", String(!fault.hidden));
    };
    control.id = id;
    for (const [key, value] of [["autocomplete", "off"], ["spellcheck", "false"], ["aria-describedby", `${note.id} ${fault.id}`]]) control.setAttribute(key, value);
    if (isRequired) control.setAttribute("aria-required", "true");
    control.addEventListener(control.tagName === "SELECT" ? "change" : "input", () => {
      check();
      this.changed();
    });
    check();
    const caption = el("label", { htmlFor: id }, name, isRequired && el("span.required", { "aria-hidden": "true" }, " *"));
    return el("div.field.row", {}, caption, el("div", {}, control, note, fault));
  }

  #freeRow(row) {
    const edit = (key, label) => {
      const control = el("input", { type: "text", value: row[key], placeholder: key, "aria-label": label, autocomplete: "off", spellcheck: "false" });
      control.addEventListener("input", () => {
        row[key] = control.value;
        this.changed();
      });
      return control;
    };
    const remove = iconButton("close", `Remove query parameter ${row.name}`, () => this.#remove(row));
    return el("div.free-row", {}, edit("name", "Name of query parameter"), edit("value", "Value of query parameter"), remove);
  }

  #add() {
    this.free.push({ name: "", value: "" });
    this.#draw();
    [...this.element.querySelectorAll(".free-row")].at(-1).querySelector("input").focus();
  }

  #remove(row) {
    this.free.splice(this.free.indexOf(row), 1);
    this.#draw();
    this.element.querySelector(".add").focus();
    this.changed();
  }
}

function startingPath(endpoint) {
  return Object.fromEntries(endpoint.path_parameters.map((parameter) => [parameter.name, ""]));
}

function choiceOf(values, present) {
  const options = values.map((value) => el("option", { value: String(value), selected: String(value) === present }, String(value)));
  return el("select", {}, el("option", { value: "" }, "—"), options);
}
