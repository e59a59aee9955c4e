// The page: where one looks, what stands there, and what one does.

import { blocks } from "/page/blocks.js";
import { h, reconcile } from "/page/dom.js";
import { jumping } from "/page/jump.js";
import { followLinks } from "/page/permalinks.js";
import { menuButton } from "/page/menu.js";
import { day, message } from "/page/messages.js";
import { confirm, showModal } from "/page/modal.js";
import { drawer, drawSidebar } from "/page/sidebar.js";
import { ask, carryOut } from "/page/talking.js";
import { themeSwitch } from "/page/theme.js";
import * as thinking from "/page/thinking.js";
import { World } from "/page/world.js";

const POLL_MS = 500;
const at = (id) => document.getElementById(id);
const stored = (key, fallback) => localStorage.getItem(key) ?? fallback;

const state = {
  user: stored("user", "U0CSM1"),
  place: stored("place", "C0TEAM"),
  thread: null,
  screen: null,
  revision: -1,
  values: new Map(),
};

async function send(deed, facts) {
  const answer = await carryOut(deed, { user: state.user, ...facts });
  await look();
  return answer;
}

async function poll() {
  try {
    const now = await ask("/sandbox/clock");
    showTime(now);
    at("offline").hidden = now.connected;
    if (now.revision !== state.revision) await look();
    else if (state.screen) thinking.draw(state.screen, state.place);
  } catch {
    at("time-moving").textContent = "The sandbox does not answer.";
  }
  setTimeout(poll, POLL_MS);
}

async function look() {
  const query = new URLSearchParams({ user: state.user, channel: state.place });
  const screen = await ask(`/sandbox/screen?${query}`);
  if (screen.you !== state.user) return;
  state.screen = screen;
  state.revision = screen.revision;
  draw();
}

// ---- drawing -----------------------------------------------------------------------------------

function draw() {
  const world = new World(state.screen);
  if (state.place === "home" && !state.screen.has_home) state.place = state.screen.channel;
  drawSidebar(state.screen, { place: state.place, go });
  if (state.place === "home") drawHome(world);
  else drawChannel(world);
  thinking.draw(state.screen, state.place);
  showTime(state.screen);
  showModal(state.screen.modal, { world, send, act: click, suggest, confirm: (question) => confirm(question, world) });
}

function heading(title, topic) {
  at("title").textContent = title;
  at("topic").textContent = topic;
  document.title = `${title} · sandbox`;
}

function drawHome(world) {
  heading("Bellwether", "Home");
  at("compose").hidden = true;
  at("read-only").hidden = true;
  closeThread();
  const { home } = state.screen;
  delete at("log").dataset.channel;
  const entry = home
    ? ["home", JSON.stringify([home.blocks, world.tz]), () => h("div", { class: "home blocks" }, blocks(home.blocks, formFor(`home:${home.id}`, world, { view_id: home.id })))]
    : ["empty", state.user, () => h("p", { class: "empty" }, "Bellwether has not published a Home for you yet.")];
  reconcile(at("log"), [entry]);
}

function drawChannel(world) {
  const channel = world.channel(state.screen.channel);
  state.place = channel.id;
  const isReadOnly = channel.is_dm && state.screen.is_read_only;
  heading(channel.is_dm ? "Bellwether" : `# ${channel.name}`, channel.is_dm ? "Messages to you alone" : `${channel.topic}${channel.is_shared ? " · shared with another company" : ""} · ${channel.count} people`);
  at("compose").hidden = channel.is_archived || isReadOnly;
  at("read-only").hidden = !isReadOnly;
  at("composer").placeholder = channel.is_dm ? "Message Bellwether, or try /health" : `Message #${channel.name}, or try /health`;
  drawShortcuts();
  const log = at("log");
  const isNew = log.dataset.channel !== channel.id;
  const wasAtEnd = isNew || isAtEnd(log);
  if (isNew) log.replaceChildren();
  log.dataset.channel = channel.id;
  const shown = state.screen.messages.filter((one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
  const nothing = ["nothing", channel.id, () => h("p", { class: "empty" }, channel.is_dm ? "Bellwether has not written to you yet." : "Nobody has said anything here yet.")];
  reconcile(log, shown.length ? entries(shown, world, { threads: true }) : [nothing]);
  if (wasAtEnd) stayAtEnd(log);
  drawThread(world);
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80;

// Also when pictures have come, which have no height before.
function stayAtEnd(log) {
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  toEnd();
  for (const picture of log.querySelectorAll("img")) {
    if (!picture.complete) picture.addEventListener("load", toEnd, { once: true });
  }
}

function drawShortcuts() {
  const list = state.screen.shortcuts.filter((one) => one.kind === "global");
  const entries = () => list.map((one) => ({ content: one.name, value: one.callback_id, pick: () => send("shortcut", { callback_id: one.callback_id }) }));
  const make = () => menuButton({ class: "plain", "aria-label": "Shortcuts", title: "Shortcuts" }, "⚡", entries);
  reconcile(at("shortcuts"), list.length ? [["menu", JSON.stringify(list), make]] : []);
}

function entries(messages, world, { threads }) {
  const list = [];
  let before = null;
  const shortcuts = state.screen.shortcuts.filter((one) => one.kind === "message");
  const useShortcut = (shortcut, { ts }) => send("shortcut", { callback_id: shortcut.callback_id, channel: state.screen.channel, ts });
  for (const one of messages) {
    const newDay = !before || day(before, world) !== day(one, world);
    if (newDay && threads) list.push([`day:${one.ts}`, day(one, world), () => h("div", { class: "day" }, h("span", {}, day(one, world)))]);
    const joined = !newDay && before.user === one.user && Number(one.ts) - Number(before.ts) < 300 && !!before.is_ephemeral === !!one.is_ephemeral;
    const fingerprint = JSON.stringify([one, joined, threads, world.tz, shortcuts]);
    list.push([one.ts, fingerprint, () => message(one, { world, joined, threads, form: formOf(one, world), openThread, shortcuts, useShortcut })]);
    before = one;
  }
  return list;
}

// A form for a message, or for one of its previews.
const formOf = (one, world) => (preview) => {
  const where = { channel: state.screen.channel, ts: one.ts, ...(preview && { attachment_id: preview.id }) };
  return formFor(`${one.ts}:${preview?.id ?? ""}`, world, where);
};

function drawThread(world) {
  if (!state.thread) return closeThread();
  const mine = state.screen.messages.filter((one) => one.ts === state.thread || one.thread_ts === state.thread);
  if (!mine.length) return closeThread();
  at("thread").hidden = false;
  const log = at("thread-log");
  const wasAtEnd = isAtEnd(log);
  reconcile(log, entries(mine, world, { threads: false }));
  if (wasAtEnd) stayAtEnd(log);
}

function formFor(key, world, where) {
  if (!state.values.has(key)) state.values.set(key, {});
  const values = state.values.get(key);
  return {
    world,
    values,
    confirm: (question) => confirm(question, world),
    act: (item, blockId, raw) => click(item, blockId, raw, { ...where, values }),
    suggest: (item, blockId, typed) => suggest(item, blockId, typed, where),
  };
}

function showTime({ now, target }) {
  const you = state.screen?.members.find((one) => one.id === state.screen.you);
  if (!you) return;
  const options = { timeZone: you.tz, weekday: "short", month: "short", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit" };
  at("time-now").dateTime = now;
  at("time-now").textContent = new Intl.DateTimeFormat("en-US", options).format(new Date(now));
  at("time-now").title = `Story time, as it is for ${you.name} (${you.tz})`;
  const there = target && new Intl.DateTimeFormat("en-US", { timeZone: you.tz, month: "short", day: "numeric", hour: "numeric" }).format(new Date(target));
  const moving = target ? `moving to ${there} …` : "";
  if (at("time-moving").textContent !== moving) at("time-moving").textContent = moving;
  document.body.classList.toggle("moving", !!target);
}

// ---- doing -------------------------------------------------------------------------------------

const click = (item, blockId, raw, where) => send("click", { action_id: item.action_id, block_id: blockId, value: raw, ...where });
const suggest = (item, blockId, typed, where) => ask("/sandbox/do/suggest", { user: state.user, action_id: item.action_id, block_id: blockId, value: typed, ...where });

async function go(place) {
  closeDrawer();
  state.place = place;
  state.thread = null;
  localStorage.setItem("place", place);
  if (place === "home") await send("home", {});
  else await look();
  (at("compose").hidden ? at("log") : at("composer")).focus();
}

async function be(user) {
  state.user = user;
  state.thread = null;
  localStorage.setItem("user", user);
  at("log").replaceChildren();
  await look();
  if (state.place === "home") await send("home", {});
}

function openThread(ts) {
  state.thread = ts;
  at("thread-log").replaceChildren();
  draw();
  at("thread-composer").focus();
}

function closeThread() {
  const ts = state.thread;
  const held = at("thread").contains(document.activeElement);
  state.thread = null;
  at("thread").hidden = true;
  if (held) (at("log").querySelector(`[data-ts="${ts}"] [data-focus]`) ?? at("composer")).focus({ preventScroll: true });
}

function composer(form, field, submit) {
  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  };
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    grow();
    await submit(text);
  });
}

async function command(name, text) {
  const { channel } = state.screen;
  thinking.begin(state.screen);
  thinking.draw(state.screen, state.place);
  const answer = await carryOut("command", { user: state.user, channel, command: name, text });
  if (!answer.ok) thinking.end(channel);
  await look();
}

composer(at("compose"), at("composer"), (text) => {
  // Who says something wants to see the answer, however far up they have read.
  at("log").scrollTop = at("log").scrollHeight;
  const found = text.match(/^(\/[\w-]+)\s*([\s\S]*)$/);
  return found ? command(found[1], found[2]) : send("message", { channel: state.screen.channel, text });
});
composer(at("thread-compose"), at("thread-composer"), (text) => send("message", { channel: state.screen.channel, text, thread_ts: state.thread }));

const closeDrawer = drawer(at("drawer-open"), at("drawer-close"));
themeSwitch(at("theme"));
at("thread-close").addEventListener("click", closeThread);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (!closeDrawer()) closeThread();
});
at("person").addEventListener("change", () => be(at("person").value));
for (const button of document.querySelectorAll("#timebar [data-hours], #timebar [data-days]")) {
  const { hours, days } = button.dataset;
  button.addEventListener("click", async () => {
    showTime(await ask("/sandbox/ask", hours ? { hours: Number(hours) } : { days: Number(days) }));
  });
}

await look();
jumping(at("jump-open"), () => [
  ...(state.screen.has_home ? [{ label: "Home", detail: "Bellwether", value: "home", go: () => go("home") }] : []),
  ...state.screen.channels.map((one) => ({ label: one.is_dm ? "Messages" : `# ${one.name}`, detail: one.is_dm ? "Bellwether" : one.topic, value: one.id, go: () => go(one.id) })),
  ...state.screen.members.filter((one) => one.is_person).map((one) => ({ label: one.name, detail: one.title, group: "Be somebody else", value: one.id, go: () => be(one.id) })),
]);
if (state.place === "home") await send("home", {});
await followLinks(async (channel, ts, thread) => {
  await go(channel);
  if (thread) openThread(thread);
  return (thread ? at("thread-log") : at("log")).querySelector(`[data-ts="${ts}"]`);
});
poll();
