// Interactive elements. Each keeps what a person chose in `form.values`, and tells `form.act` when Slack would.

import { h } from "/page/dom.js";
import { inline, plain, words } from "/page/mrkdwn.js";
import { named } from "/page/emoji.js";

// A plain_text or mrkdwn object as nodes; in plain text only :emoji: mean something.
export function text(object, world) {
  if (!object) return "";
  if (object.type === "mrkdwn") return inline(object.text, world);
  return words(named(object.text));
}

// For places where only text can stand: options of a menu, placeholders.
const said = (object) => plain(named(object.text));

// `form` is {world, values, act(element, blockId, raw)}; `silent` elements belong to an input block and wait for its submit.
export function element(item, blockId, form, { silent = false, label = "" } = {}) {
  const make = KINDS[item.type];
  if (!make) return h("span", { class: "unknown" }, `[${item.type}]`);
  const slot = (form.values[blockId] ??= {});
  const key = item.action_id;
  const control = {
    item,
    form,
    value: () => slot[key],
    begin: (initial) => (key in slot ? slot[key] : initial),
    choose: (raw) => {
      slot[key] = raw;
      if (!silent) act(item, blockId, form, raw);
    },
    keep: (raw) => {
      slot[key] = raw;
    },
    press: (raw) => act(item, blockId, form, raw),
    attributes: { "data-action-id": key, "data-block-id": blockId, "aria-label": label || item.accessibility_label || null },
  };
  return make(control);
}

async function act(item, blockId, form, raw) {
  if (item.confirm && !(await form.confirm(item.confirm))) return;
  await form.act(item, blockId, raw);
}

function button({ item, form, press, attributes }) {
  const node = h("button", { type: "button", class: `button ${item.style ?? ""}`, ...attributes }, text(item.text, form.world));
  node.addEventListener("click", async () => {
    if (item.url) window.open(item.url, "_blank", "noopener");
    node.setAttribute("aria-busy", "true");
    await press(item.value);
    node.removeAttribute("aria-busy");
  });
  return node;
}

function choices(item) {
  const groups = item.option_groups ?? [];
  const option = (one) => h("option", { value: one.value }, said(one.text));
  return groups.length
    ? groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map(option)))
    : (item.options ?? []).map(option);
}

function select({ item, begin, choose, attributes }, options, initial) {
  const many = item.type.startsWith("multi_");
  const label = attributes["aria-label"] || item.placeholder?.text || "Choose";
  const node = h("select", { ...attributes, multiple: many, "aria-label": label }, many ? null : h("option", { value: "" }, item.placeholder ? said(item.placeholder) : "Choose…"), options);
  const chosen = begin(initial);
  for (const option of node.options) option.selected = many ? (chosen ?? []).includes(option.value) : option.value === (chosen ?? "");
  node.addEventListener("change", () => {
    const picked = [...node.selectedOptions].map((option) => option.value).filter(Boolean);
    choose(many ? picked : (picked[0] ?? null));
  });
  return node;
}

const staticSelect = (control) =>
  select(control, choices(control.item), control.item.initial_option?.value ?? control.item.initial_options?.map((one) => one.value));

function usersSelect(control) {
  const people = control.form.world.people().map((one) => h("option", { value: one.id }, one.name));
  return select(control, people, control.item.initial_user ?? control.item.initial_users);
}

function channelsSelect(control) {
  const channels = control.form.world.channels().map((one) => h("option", { value: one.id }, "#" + one.name));
  return select(control, channels, control.item.initial_channel ?? control.item.initial_conversation);
}

function overflow({ item, form, press, attributes }) {
  const menu = h("details", { class: "overflow" }, h("summary", { ...attributes, "aria-label": "More actions" }, "⋯"));
  const entries = item.options.map((one) =>
    h("button", { type: "button", "data-value": one.value, onclick: () => { menu.open = false; press(one.value); } }, text(one.text, form.world)),
  );
  menu.append(h("div", { class: "menu" }, entries));
  return menu;
}

function picker(type, initial) {
  return ({ item, begin, choose, attributes }) => {
    const node = h("input", { type, ...attributes });
    node.value = begin(item[initial]) ?? "";
    node.addEventListener("change", () => choose(node.value || null));
    return node;
  };
}

function moment({ item, begin, choose, attributes }) {
  const node = h("input", { type: "datetime-local", ...attributes });
  const seconds = begin(item.initial_date_time);
  if (seconds) node.value = new Date(seconds * 1000).toISOString().slice(0, 16);
  node.addEventListener("change", () => choose(node.value ? Date.parse(node.value + "Z") / 1000 : null));
  return node;
}

function typed(type, step) {
  return ({ item, begin, choose, keep, attributes }) => {
    const limits = { maxlength: item.max_length, minlength: item.min_length, placeholder: item.placeholder?.text, step };
    const node = item.multiline ? h("textarea", { rows: 4, ...limits, ...attributes }) : h("input", { type, ...limits, ...attributes });
    node.value = begin(item.initial_value) ?? "";
    node.addEventListener("input", () => keep(node.value || null));
    node.addEventListener("change", () => choose(node.value || null));
    return node;
  };
}

function ticks(type) {
  return ({ item, form, begin, choose, attributes }) => {
    const many = type === "checkbox";
    const initial = many ? (item.initial_options ?? []).map((one) => one.value) : item.initial_option?.value;
    const chosen = new Set([begin(initial) ?? []].flat());
    const name = `${attributes["data-block-id"]}:${item.action_id}`;
    const entries = item.options.map((one) => {
      const box = h("input", { type, name, value: one.value, "data-action-id": item.action_id });
      box.checked = chosen.has(one.value);
      box.addEventListener("change", () => {
        const picked = [...group.querySelectorAll("input:checked")].map((each) => each.value);
        choose(many ? picked : picked[0]);
      });
      return h("label", { class: "tick" }, box, h("span", {}, text(one.text, form.world), one.description && h("small", {}, text(one.description, form.world))));
    });
    const group = h("div", { role: many ? "group" : "radiogroup", "aria-label": attributes["aria-label"] }, entries);
    return group;
  };
}

const KINDS = {
  button,
  workflow_button: button,
  static_select: staticSelect,
  multi_static_select: staticSelect,
  users_select: usersSelect,
  multi_users_select: usersSelect,
  channels_select: channelsSelect,
  conversations_select: channelsSelect,
  overflow,
  datepicker: picker("date", "initial_date"),
  timepicker: picker("time", "initial_time"),
  datetimepicker: moment,
  plain_text_input: typed("text"),
  email_text_input: typed("email"),
  url_text_input: typed("url"),
  number_input: typed("number", "any"),
  checkboxes: ticks("checkbox"),
  radio_buttons: ticks("radio"),
};
