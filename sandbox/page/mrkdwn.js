// Slack's mrkdwn, and the standard Markdown of `markdown` blocks, as DOM nodes.

import { h, link } from "/page/dom.js";
import { drawn, emoji } from "/page/emoji.js";

const INLINE = /<([^<>\s][^<>]*)>|`([^`\n]+)`|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])|:([a-z0-9_+'-]+):|(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)])/g;

export function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

// Plain text as nodes, with the signs we draw ourselves.
export const words = (text) => drawn(plain(text));

// `world` knows members, channels and the viewer's time zone.
export function mrkdwn(text, world) {
  const out = document.createDocumentFragment();
  text.split(/```\n?([\s\S]*?)```\n?/).forEach((part, at) => {
    if (at % 2) out.append(h("pre", {}, plain(part.replace(/\n$/, ""))));
    else if (part) out.append(lines(part, world));
  });
  return out;
}

function lines(text, world) {
  const out = document.createDocumentFragment();
  let quote = null;
  const all = text.split("\n");
  all.forEach((line, at) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      if (!quote) out.append((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(inline(quoted[1], world));
      return;
    }
    const afterQuote = quote !== null;
    quote = null;
    if (at > 0 && !afterQuote) out.append(h("br"));
    out.append(inline(line, world));
  });
  return out;
}

export function inline(text, world) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    out.append(...words(text.slice(from, found.index)));
    out.append(token(found, world));
    from = found.index + found[0].length;
  }
  out.append(...words(text.slice(from)));
  return out;
}

function token([whole, reference, code, bold, italic, strike, name, address], world) {
  if (reference !== undefined) return refer(reference, world);
  if (code !== undefined) return h("code", {}, plain(code));
  if (bold !== undefined) return h("strong", {}, inline(bold, world));
  if (italic !== undefined) return h("em", {}, inline(italic, world));
  if (strike !== undefined) return h("s", {}, inline(strike, world));
  if (address !== undefined) return link(plain(address), plain(address));
  return emoji(name) ?? whole;
}

function refer(reference, world) {
  const [target, ...rest] = reference.split("|");
  const label = rest.join("|");
  if (target.startsWith("@")) return mention(target.slice(1), world);
  if (target.startsWith("#")) return h("span", { class: "mention" }, "#" + (world.channelName(target.slice(1)) ?? label ?? target.slice(1)));
  if (target.startsWith("!date^")) return h("time", {}, date(target, world) ?? label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, "@" + (world.group(target.split("^")[1]) ?? label.replace(/^@/, "")));
  if (target.startsWith("!")) return h("span", { class: "mention loud" }, "@" + (label || target.slice(1).split("^")[0]));
  return link(plain(target), label ? inline(label, world) : plain(target.replace(/^mailto:/, "")));
}

export function mention(id, world) {
  const mine = id === world.you ? " loud" : "";
  return h("span", { class: "mention" + mine, "data-user": id }, "@" + (world.name(id) ?? id));
}

const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  day_divider_pretty: { weekday: "long", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

function date(target, world) {
  const [, seconds, format] = target.split("^");
  if (!format || !/^\d+$/.test(seconds)) return null;
  const at = new Date(Number(seconds) * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return world.ago(at);
    const near = name.includes("_pretty") ? world.nearDay(at) : null;
    const options = FORMATS[name] ?? FORMATS[name.replace("_pretty", "")];
    return near ?? (options ? world.format(at, options) : whole);
  });
}

// ---- standard Markdown -------------------------------------------------------------------------

export function markdown(text, world) {
  const out = h("div", { class: "markdown" });
  const rows = text.split("\n");
  for (let at = 0; at < rows.length; ) at = block(rows, at, out, world);
  return out;
}

function block(rows, at, out, world) {
  const row = rows[at];
  const heading = row.match(/^(#{1,6})\s+(.*)$/);
  if (heading) out.append(h(`h${Math.min(6, heading[1].length + 2)}`, {}, span(heading[2], world)));
  else if (/^```/.test(row)) return fenced(rows, at, out);
  else if (/^\s*\|.*\|\s*$/.test(row) && /^[\s|:-]+$/.test(rows[at + 1] ?? "")) return grid(rows, at, out, world);
  else if (/^\s*([-*+]|\d+\.)\s+/.test(row)) return list(rows, at, out, world);
  else if (/^>\s?/.test(row)) out.append(h("blockquote", {}, span(row.replace(/^>\s?/, ""), world)));
  else if (/^---+$/.test(row.trim())) out.append(h("hr"));
  else if (row.trim()) out.append(h("p", {}, span(row, world)));
  return at + 1;
}

function fenced(rows, at, out) {
  const end = rows.findIndex((row, index) => index > at && /^```/.test(row));
  const last = end < 0 ? rows.length : end;
  out.append(h("pre", {}, rows.slice(at + 1, last).join("\n")));
  return last + 1;
}

function list(rows, at, out, world) {
  const kind = /^\s*\d/.test(rows[at]) ? "ol" : "ul";
  const node = h(kind);
  for (; at < rows.length; at++) {
    const item = rows[at].match(/^\s*(?:[-*+]|\d+\.)\s+(\[[ xX]\]\s+)?(.*)$/);
    if (!item) break;
    const tick = item[1] ? (/x/i.test(item[1]) ? "☑ " : "☐ ") : "";
    node.append(h("li", tick ? { class: "task" } : {}, tick, span(item[2], world)));
  }
  out.append(node);
  return at;
}

function grid(rows, at, out, world) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => span(cell.trim(), world));
  const table = h("table", {}, h("thead", {}, h("tr", {}, cells(rows[at]).map((cell) => h("th", {}, cell)))));
  const body = h("tbody");
  for (at += 2; /^\s*\|.*\|\s*$/.test(rows[at] ?? ""); at++) body.append(h("tr", {}, cells(rows[at]).map((cell) => h("td", {}, cell))));
  table.append(body);
  out.append(h("div", { class: "table" }, table));
  return at;
}

const SPAN = /\[([^\]]+)\]\(([^)\s]+)\)|`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*]+)\*|(?<!\w)_([^_]+)_(?!\w)|~~([^~]+)~~|<([@#][^<>]+)>|:([a-z0-9_+'-]+):/g;

function span(text, world) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(SPAN)) {
    const [whole, label, address, code, bold, strong, italic, slant, strike, reference, name] = found;
    out.append(...words(text.slice(from, found.index)));
    if (label) out.append(link(address, span(label, world)));
    else if (code) out.append(h("code", {}, code));
    else if (bold ?? strong) out.append(h("strong", {}, span(bold ?? strong, world)));
    else if (italic ?? slant) out.append(h("em", {}, span(italic ?? slant, world)));
    else if (strike) out.append(h("s", {}, span(strike, world)));
    else if (reference) out.append(refer(reference, world));
    else out.append(emoji(name) ?? whole);
    from = found.index + whole.length;
  }
  out.append(...words(text.slice(from)));
  return out;
}
