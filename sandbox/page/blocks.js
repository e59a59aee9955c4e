// Block Kit: one function a block type.

import { chart } from "/page/chart.js";
import { h, link } from "/page/dom.js";
import { element, text } from "/page/elements.js";
import { drawn, emoji } from "/page/emoji.js";
import { markdown, mention, mrkdwn } from "/page/mrkdwn.js";

export function blocks(list, form) {
  return list.map((block) => {
    const make = KINDS[block.type];
    const node = make ? make(block, form) : h("div", { class: "unknown" }, `[${block.type}]`);
    node.dataset.blockId = block.block_id;
    return node;
  });
}

const rich = (object, form) => (object.type === "mrkdwn" ? mrkdwn(object.text, form.world) : text(object, form.world));

function section(block, form) {
  const body = h("div", { class: "body" }, block.text && h("div", {}, rich(block.text, form)));
  if (block.fields) body.append(h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, rich(field, form)))));
  const accessory = block.accessory && (block.accessory.type === "image" ? picture(block.accessory) : element(block.accessory, block.block_id, form));
  return h("div", { class: "section" }, body, accessory && h("div", { class: "accessory" }, accessory));
}

function picture(image) {
  const file = image.slack_file;
  const source = image.image_url ?? file?.url ?? `/slack/files/${encodeURIComponent(file?.id ?? "")}`;
  return h("img", { src: source, alt: image.alt_text, title: image.alt_text });
}

function context(block, form) {
  return h("div", { class: "context" }, block.elements.map((one) => (one.type === "image" ? picture(one) : h("span", {}, rich(one, form)))));
}

function actions(block, form) {
  return h("div", { class: "actions" }, block.elements.map((one) => element(one, block.block_id, form)));
}

function input(block, form) {
  const label = block.label.text;
  const control = element(block.element, block.block_id, form, { silent: !block.dispatch_action, label });
  return h(
    "div",
    { class: "input" },
    h("div", { class: "label" }, text(block.label, form.world), block.optional && h("small", {}, " (optional)")),
    control,
    block.hint && h("div", { class: "hint" }, text(block.hint, form.world)),
    h("div", { class: "wrong", role: "alert", "data-error-for": block.block_id }),
  );
}

function image(block) {
  return h("figure", { class: "image" }, block.title && h("figcaption", {}, block.title.text), picture(block));
}

// ---- rich text ---------------------------------------------------------------------------------

function richText(block, form) {
  return h("div", { class: "rich" }, block.elements.map((part) => richPart(part, form)));
}

function richPart(part, form) {
  const inside = () => part.elements.map((one) => (one.elements ? richPart(one, form) : richLeaf(one, form)));
  if (part.type === "rich_text_list") {
    const items = part.elements.map((one) => h("li", {}, one.elements.map((leaf) => richLeaf(leaf, form))));
    return h(part.style === "ordered" ? "ol" : "ul", { style: `margin-left:${(part.indent ?? 0) * 1.5}em` }, items);
  }
  if (part.type === "rich_text_preformatted") return h("pre", {}, inside());
  if (part.type === "rich_text_quote") return h("blockquote", {}, inside());
  return h("div", {}, inside());
}

function richLeaf(leaf, form) {
  const style = leaf.style ?? {};
  let node = leafNode(leaf, form);
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style[name]) node = h(tag, {}, node);
  }
  return node;
}

function leafNode(leaf, form) {
  const { world } = form;
  switch (leaf.type) {
    case "link": return link(leaf.url, leaf.text ?? leaf.url);
    case "user": return mention(leaf.user_id, world);
    case "channel": return h("span", { class: "mention" }, "#" + (world.channelName(leaf.channel_id) ?? leaf.channel_id));
    case "emoji": return emoji(leaf.name) ?? `:${leaf.name}:`;
    case "broadcast": return h("span", { class: "mention loud" }, "@" + leaf.range);
    case "date": return mrkdwn(`<!date^${leaf.timestamp}^${leaf.format}|${leaf.fallback ?? ""}>`, world);
    default: {
      const lines = (leaf.text ?? "").split("\n");
      return h("span", {}, lines.flatMap((line, at) => (at ? [h("br"), ...drawn(line)] : drawn(line))));
    }
  }
}

// ---- tables ------------------------------------------------------------------------------------

function cell(one, form, blockId) {
  if (one.type === "rich_text") return richText(one, form);
  if (one.type === "button") return element(one, blockId, form);
  return drawn(String(one.text ?? one.value ?? ""));
}

function table(block, form) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => h("tr", {}, cells.map((one, at) => h(tag, { class: settings[at]?.align }, cell(one, form, block.block_id))));
  const [head, ...rest] = block.rows;
  return h("div", { class: "table" }, h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, rest.map((cells) => row(cells, "td")))));
}

function dataTable(block, form) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const view = { page: 0, by: null, down: false };
  const body = h("tbody");
  const status = h("span");
  const plainOf = (one) => one.text ?? one.value ?? JSON.stringify(one.elements ?? "");
  const draw = () => {
    const sorted = view.by === null ? rows : [...rows].sort((a, b) => compare(plainOf(a[view.by]), plainOf(b[view.by])) * (view.down ? -1 : 1));
    const shown = sorted.slice(view.page * size, (view.page + 1) * size);
    body.replaceChildren(...shown.map((cells) => h("tr", {}, cells.map((one) => h("td", {}, cell(one, form, block.block_id))))));
    status.textContent = `${view.page * size + 1}–${view.page * size + shown.length} of ${rows.length}`;
  };
  const sort = (at) => () => { view.down = view.by === at && !view.down; view.by = at; view.page = 0; draw(); };
  const turn = (step) => () => { view.page = Math.min(Math.max(0, view.page + step), Math.ceil(rows.length / size) - 1); draw(); };
  const heads = head.map((one, at) => h("th", {}, h("button", { type: "button", class: "sort", onclick: sort(at) }, cell(one, form, block.block_id), " ↕")));
  draw();
  const pager = rows.length > size && h("div", { class: "pager" }, h("button", { type: "button", onclick: turn(-1), "aria-label": "Previous page" }, "‹"), status, h("button", { type: "button", onclick: turn(1), "aria-label": "Next page" }, "›"));
  return h("div", { class: "table" }, h("table", {}, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, heads)), body), pager);
}

function compare(a, b) {
  const [x, y] = [a, b].map((value) => parseFloat(String(value).replace(/[^\d.-]/g, "")));
  return Number.isNaN(x) || Number.isNaN(y) ? String(a).localeCompare(String(b)) : x - y;
}

// ---- cards -------------------------------------------------------------------------------------

function card(block, form) {
  const line = (object, tag) => object && h(tag, {}, rich(object, form));
  return h("div", { class: "card" }, line(block.title, "h3"), line(block.subtitle, "small"), line(block.body, "p"), block.actions && h("div", { class: "actions" }, block.actions.map((one) => element(one, block.block_id, form))));
}

const KINDS = {
  section,
  header: (block, form) => h("h2", { class: "header" }, text(block.text, form.world)),
  divider: () => h("hr"),
  context,
  actions,
  context_actions: actions,
  input,
  image,
  rich_text: richText,
  markdown: (block, form) => markdown(block.text, form.world),
  table,
  data_table: dataTable,
  data_visualization: (block) => chart(block),
  card,
  carousel: (block, form) => h("div", { class: "carousel" }, block.elements.map((one) => card(one, form))),
  container: (block, form) => h("div", { class: "card" }, block.title && h("h3", {}, text(block.title, form.world)), blocks(block.child_blocks, form)),
  alert: (block, form) => h("div", { class: `alert ${block.level ?? ""}` }, rich(block.text, form)),
};
