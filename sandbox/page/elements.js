// Interactive elements. Each keeps what a person chose in `form.values`, and tells `form.act` when Slack would.

import { combobox } from "/page/combobox.js";
import { h } from "/page/dom.js";
import { menuButton } from "/page/menu.js";
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

// `form` is {world, values, act(element, blockId, raw), suggest(element, blockId, typed)}; `silent` elements belong to an input block and wait for its submit.
export function element(item, blockId, form, { silent = false, label = "" } = {}) {
  const make = KINDS[item.type];
  if (!make) return h("span", { class: "unknown" }, `[${item.type}]`);
  const slot = (form.values[blockId] ??= {});
  const key = item.action_id;
  const send = (raw) => act(item, blockId, form, raw, node);
  const control = {
    item,
    form,
    begin: (initial) => (key in slot ? slot[key] : initial),
    choose: (raw) => {
      slot[key] = raw;
      if (!silent) send(raw);
    },
    keep: (raw) => {
      slot[key] = raw;
    },
    press: send,
    attributes: { "data-action-id": key, "data-block-id": blockId, "aria-label": label || item.accessibility_label || null },
  };
  const node = make(control);
  return node;
}

// Once at a time; the control shows that it is under way.
async function act(item, blockId, form, raw, node) {
  if (node.hasAttribute("aria-busy")) return;
  if (item.confirm && !(await form.confirm(item.confirm))) return;
  node.setAttribute("aria-busy", "true");
  await form.act(item, blockId, raw).finally(() => node.removeAttribute("aria-busy"));
}

function button({ item, form, press, attributes }) {
  const node = h("button", { type: "button", class: `button ${item.style ?? ""}`, ...attributes }, text(item.text, form.world));
  node.addEventListener("click", () => {
    if (item.url) window.open(item.url, "_blank", "noopener");
    press(item.value);
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
  return select(control, channels, control.item.initial_channel ?? control.item.initial_conversation ?? control.item.initial_channels ?? control.item.initial_conversations);
}

function overflow({ item, form, press, attributes }) {
  const entries = () => item.options.map((one) => ({ content: text(one.text, form.world), value: one.value, pick: () => press(one.value) }));
  return menuButton({ ...attributes, class: "button overflow", "aria-label": item.accessibility_label ?? "More actions" }, "⋯", entries);
}

// A menu that the app fills while one types. What was chosen is kept as a whole option, to have its words again.
function externalSelect({ item, form, begin, choose, keep, attributes }) {
  const many = item.type.startsWith("multi_");
  const least = item.min_query_length ?? 3;
  const label = attributes["aria-label"] || item.placeholder?.text || "Choose";
  const field = h("input", { type: "text", ...attributes, "aria-label": label, placeholder: item.placeholder ? said(item.placeholder) : "Type to search …" });
  const chips = h("span", { class: "chips" });
  const chosen = () => [begin(many ? item.initial_options : item.initial_option) ?? []].flat();
  const show = () => {
    field.value = many ? "" : chosen().map((one) => said(one.text)).join("");
    chips.replaceChildren(...(many ? chosen().map((one) => chip(one, () => set(chosen().filter((each) => each.value !== one.value)))) : []));
  };
  const set = (options) => {
    choose(many ? options : (options[0] ?? null));
    show();
  };
  const find = (typed) => {
    if (typed.length < least) return `Type ${least} letters or more`;
    return form.suggest(item, attributes["data-block-id"], typed).then(offered);
  };
  const pick = ({ option }) => set(many ? [...chosen().filter((one) => one.value !== option.value), option] : [option]);
  combobox(field, { find, pick, wait: 200 });
  field.addEventListener("input", () => !many && !field.value && keep(null));
  field.addEventListener("blur", show);
  show();
  return h("span", { class: "external" }, chips, field);
}

function chip(option, drop) {
  return h("span", { class: "chip" }, said(option.text), h("button", { type: "button", "aria-label": `Remove ${said(option.text)}`, onclick: drop }, "✕"));
}

// What the app offers, as rows of a list; a sentence where it offers nothing that can be shown.
function offered(answer) {
  if (!answer.ok) return "Bellwether could not load the choices. Type again to retry.";
  const groups = answer.option_groups ?? [{ label: null, options: answer.options }];
  return groups.flatMap(({ label, options }) =>
    options.map((option) => ({ option, value: option.value, label: said(option.text), detail: option.description && said(option.description), group: label && said(label) })),
  );
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
  external_select: externalSelect,
  multi_external_select: externalSelect,
  users_select: usersSelect,
  multi_users_select: usersSelect,
  channels_select: channelsSelect,
  multi_channels_select: channelsSelect,
  conversations_select: channelsSelect,
  multi_conversations_select: channelsSelect,
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
