// One message as it stands in a channel or a thread.

import { blocks } from "/page/blocks.js";
import { h } from "/page/dom.js";
import { drawn, emoji } from "/page/emoji.js";
import { mrkdwn } from "/page/mrkdwn.js";

const moment = (one) => new Date(Number(one.ts) * 1000);

export function day(one, world) {
  return world.nearDay(moment(one)) ?? world.format(moment(one), { weekday: "long", month: "long", day: "numeric" });
}

export function message(one, { world, joined, threads, form, openThread }) {
  const author = world.member(one.user);
  const content = h("div", { class: "content" });
  if (one.is_ephemeral) content.append(h("div", { class: "private" }, ...drawn("👁 Only visible to you")));
  if (!joined) content.append(byline(one, author, world));
  content.append(h("div", { class: "blocks" }, one.blocks?.length ? blocks(one.blocks, form) : h("div", { class: "text" }, mrkdwn(one.text ?? "", world), edited(one))));
  if (one.blocks?.length && one.edited) content.append(edited(one));
  content.append(...(one.files ?? []).map(file), ...reactions(one));
  if (threads && one.reply_count) content.append(replies(one, world, openThread));
  const hover = threads && !one.is_ephemeral && h("div", { class: "hover" }, h("button", { type: "button", "aria-label": "Reply in thread", onclick: () => openThread(one.ts) }, ...drawn("💬 Reply")));
  const kind = (one.is_ephemeral ? " ephemeral" : "") + (joined ? " joined" : "");
  return h("article", { class: "message" + kind, "data-ts": one.ts, "data-user": one.user }, joined ? h("span", { class: "gutter" }, clock(one, world)) : avatar(author), content, hover);
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
    { type: "button", class: "replies", onclick: () => openThread(one.ts) },
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
