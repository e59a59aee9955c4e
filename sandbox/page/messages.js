// One message as it stands in a channel or a thread.

import { blocks } from "/page/blocks.js";
import { h, link } from "/page/dom.js";
import { drawn, emoji } from "/page/emoji.js";
import { menuButton } from "/page/menu.js";
import { mrkdwn } from "/page/mrkdwn.js";

const moment = (one) => new Date(Number(one.ts) * 1000);

export function day(one, world) {
  return world.nearDay(moment(one)) ?? world.format(moment(one), { weekday: "long", month: "long", day: "numeric" });
}

// `form` makes a form for the message itself, or for one of its previews; `shortcuts` are those of a message's menu.
export function message(one, { world, joined, threads, form, openThread, shortcuts, useShortcut }) {
  const author = world.member(one.user);
  const content = h("div", { class: "content" });
  if (one.is_ephemeral) content.append(h("div", { class: "private" }, ...drawn("👁 Only visible to you")));
  if (!joined) content.append(byline(one, author, world));
  content.append(h("div", { class: "blocks" }, one.blocks?.length ? blocks(one.blocks, form()) : h("div", { class: "text" }, mrkdwn(one.text ?? "", world), edited(one))));
  if (one.blocks?.length && one.edited) content.append(edited(one));
  content.append(...(one.attachments ?? []).map((each) => attachment(each, world, form)));
  content.append(...(one.files ?? []).map(file), ...reactions(one));
  if (threads && one.reply_count) content.append(replies(one, world, openThread));
  const hover = !one.is_ephemeral && tools(one, { threads, openThread, shortcuts, useShortcut });
  const kind = (one.is_ephemeral ? " ephemeral" : "") + (joined ? " joined" : "");
  return h("article", { class: "message" + kind, "data-ts": one.ts, "data-user": one.user }, joined ? h("span", { class: "gutter" }, clock(one, world)) : avatar(author), content, hover);
}

// What can be done with a message, beside what stands in it.
function tools(one, { threads, openThread, shortcuts, useShortcut }) {
  const entries = () => shortcuts.map((each) => ({ content: each.name, value: each.callback_id, pick: () => useShortcut(each, one) }));
  return h(
    "div",
    { class: "hover" },
    threads && h("button", { type: "button", "aria-label": "Reply in thread", "data-focus": "reply", onclick: () => openThread(one.ts) }, ...drawn("💬"), h("span", { class: "word" }, " Reply")),
    shortcuts.length > 0 && menuButton({ "aria-label": "More message shortcuts", "data-focus": "more" }, "⋯", entries),
  );
}

// A preview under a link, or an attachment of the old kind.
function attachment(one, world, form) {
  const title = one.title && h("b", {}, one.title_link ? link(one.title_link, one.title) : one.title);
  const body = one.blocks?.length ? blocks(one.blocks, form(one)) : [title, one.text && h("div", {}, mrkdwn(one.text, world))];
  const color = /^#?[0-9a-f]{6}$/i.test(one.color ?? "") && `--edge:#${one.color.replace("#", "")}`;
  return h("div", { class: "attachment blocks", "data-url": one.original_url, style: color }, body);
}

function byline(one, author, world) {
  const tags = [author?.is_bot && "APP", author?.is_guest && "GUEST", author?.is_stranger && "EXTERNAL"].filter(Boolean);
  const full = world.format(moment(one), { dateStyle: "full", timeStyle: "short" });
  return h("div", { class: "byline" }, h("b", {}, author?.name ?? one.user), tags.map((tag) => h("span", { class: "tag" }, tag)), h("time", { title: full }, clock(one, world)));
}

const clock = (one, world) => world.format(moment(one), { hour: "numeric", minute: "2-digit" });
const edited = (one) => (one.edited ? h("span", { class: "edited" }, " (edited)") : "");

export function avatar(author, small = false) {
  const initials = (author?.name ?? "?").split(" ").map((word) => word[0]).join("").slice(0, 2);
  const hue = [...(author?.id ?? "")].reduce((sum, sign) => sum * 31 + sign.charCodeAt(0), 7) % 360;
  const kind = "avatar" + (small ? " small" : "") + (author?.id === "U0BELLWETHER" ? " bell" : "");
  return h("span", { class: kind, style: `--hue:${hue}`, "aria-hidden": "true" }, ...(author?.id === "U0BELLWETHER" ? drawn("🔔") : [initials]));
}

function replies(one, world, openThread) {
  const faces = one.reply_users.slice(0, 3).map((id) => avatar(world.member(id), true));
  const last = moment({ ts: one.latest_reply });
  const when = `${world.nearDay(last)?.toLowerCase() ?? world.format(last, { month: "short", day: "numeric" })} at ${clock({ ts: one.latest_reply }, world)}`;
  return h(
    "button",
    { type: "button", class: "replies", "data-focus": "replies", onclick: () => openThread(one.ts) },
    faces, h("b", {}, `${one.reply_count} ${one.reply_count === 1 ? "reply" : "replies"}`), h("span", {}, `Last reply ${when}`),
  );
}

function file(one) {
  const address = `/slack/files/${encodeURIComponent(one.id)}`;
  const picture = one.mimetype?.startsWith("image/") && h("img", { src: address, alt: one.title });
  return h("figure", { class: "image" }, h("figcaption", {}, h("a", { href: address, download: one.name }, ...drawn(`📎 ${one.title}`))), picture);
}

function reactions(one) {
  if (!one.reactions?.length) return [];
  return [h("div", { class: "reactions" }, one.reactions.map((each) => h("span", {}, emoji(each.name) ?? `:${each.name}:`, ` ${each.count}`)))];
}
