// A field with a list under it that narrows while one types (ARIA's combobox with a listbox).

import { h } from "/page/dom.js";
import { open, place, watchOutside } from "/page/popup.js";

let counted = 0;

// `find(text)` returns, maybe later, [{label, detail, group, value}] or a sentence instead of options; `pick(option)`
// is told of the choice. `wait` is how many milliseconds must pass without a key before `find` is asked.
export function combobox(field, { find, pick, wait = 0, keepOpen = false }) {
  const id = `list-${++counted}`;
  Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, autocomplete: "off" })
    .forEach(([name, value]) => field.setAttribute(name, value));
  const list = { node: null, options: [], at: -1, asked: 0, stop: null, timer: null };

  const close = () => {
    clearTimeout(list.timer);
    list.asked++;
    list.node?.remove();
    list.stop?.();
    Object.assign(list, { node: null, options: [], at: -1, stop: null });
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const show = (content) => {
    if (!list.node) {
      list.node = open(field, { role: "listbox", id, class: "popup listbox", "aria-label": field.getAttribute("aria-label") });
      if (!keepOpen) list.stop = watchOutside([list.node, field], close);
      // The field keeps the focus when an option is pressed.
      list.node.addEventListener("pointerdown", (event) => event.preventDefault());
      field.setAttribute("aria-expanded", "true");
    }
    list.node.replaceChildren(...content);
    place(list.node, field);
  };
  const say = (sentence) => {
    Object.assign(list, { options: [], at: -1 });
    field.removeAttribute("aria-activedescendant");
    show([h("div", { class: "said", role: "option", "aria-disabled": "true" }, sentence)]);
  };
  const choose = (option) => {
    close();
    pick(option);
  };
  const move = (to) => {
    const rows = [...list.node.querySelectorAll("[role=option]")];
    list.at = (to + rows.length) % rows.length;
    rows.forEach((row, at) => row.setAttribute("aria-selected", at === list.at));
    field.setAttribute("aria-activedescendant", rows[list.at].id);
    rows[list.at].scrollIntoView({ block: "nearest" });
  };
  const offer = (options) => {
    list.options = options;
    show(rows(options, id, choose));
    move(0);
  };
  const ask = async () => {
    const mine = ++list.asked;
    const found = find(field.value);
    if (found instanceof Promise) say("Looking …");
    const answer = await found;
    if (mine !== list.asked || !field.isConnected) return;
    if (typeof answer === "string") say(answer);
    else if (!answer.length) say("Nothing found");
    else offer(answer);
  };
  const askSoon = () => {
    clearTimeout(list.timer);
    list.timer = setTimeout(ask, wait);
  };

  field.addEventListener("input", wait ? askSoon : ask);
  field.addEventListener("click", () => list.node || ask());
  if (!keepOpen) field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const down = event.key === "ArrowDown";
    if (down && !list.node) ask();
    else if ((down || event.key === "ArrowUp") && list.options.length) move(list.at + (down ? 1 : -1));
    else if (event.key === "Enter" && list.at >= 0) choose(list.options[list.at]);
    else if (event.key === "Escape" && list.node && !keepOpen) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { ask, close };
}

function rows(options, id, choose) {
  const nodes = [];
  let group = null;
  options.forEach((option, at) => {
    if (option.group && option.group !== group) nodes.push(h("div", { class: "group", role: "presentation" }, option.group));
    group = option.group;
    const detail = option.detail && h("small", {}, option.detail);
    nodes.push(h("div", { role: "option", id: `${id}-${at}`, "data-value": option.value, onclick: () => choose(option) }, h("span", {}, option.label), detail));
  });
  return nodes;
}
