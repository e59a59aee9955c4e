// The page: who one is, where one looks, what stands there, and what one does.

import { h, reconcile } from "/page/dom.js";
import { confirm, showModal } from "/page/modal.js";
import { blocks } from "/page/blocks.js";
import { drawn } from "/page/emoji.js";
import { day, message } from "/page/messages.js";
import { World } from "/page/world.js";

const POLL_MS = 500;
const at = (id) => document.getElementById(id);
const stored = (key, fallback) => localStorage.getItem(key) ?? fallback;

const FAILURES = {
  dispatch_failed: "Bellwether is not connected.",
  operation_timeout: "Bellwether did not answer within three seconds.",
  not_available_to_external_people: "Slash commands are not available to people from other organizations.",
  is_archived: "This channel is archived.",
  unknown_command: "That is not a command here.",
};

const state = {
  user: stored("user", "U0CSM1"),
  place: stored("place", "C0TEAM"),
  thread: null,
  screen: null,
  revision: -1,
  values: new Map(),
};

// ---- talking to the sandbox --------------------------------------------------------------------

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await fetch(path, options)).json();
}

async function send(deed, facts) {
  const answer = await ask(`/sandbox/do/${deed}`, { user: state.user, ...facts });
  if (!answer.ok && !answer.errors) toast(FAILURES[answer.error] ?? `Slack says: ${answer.error}`);
  await look();
  return answer;
}

function toast(text) {
  const node = h("div", { class: "toast" }, text);
  at("toasts").append(node);
  setTimeout(() => node.remove(), 5000);
}

async function poll() {
  try {
    const now = await ask("/sandbox/clock");
    showTime(now);
    at("offline").hidden = now.connected;
    if (now.revision !== state.revision) await look();
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
  drawSidebar(world);
  if (state.place === "home") drawHome(world);
  else drawChannel(world);
  showTime(state.screen);
  showModal(state.screen.modal, { world, send, act: click, confirm: (question) => confirm(question, world) });
}

function drawSidebar(world) {
  const { screen } = state;
  at("team").textContent = screen.team;
  const people = screen.members.filter((one) => one.is_person);
  if (at("person").options.length !== people.length) {
    at("person").replaceChildren(...people.map((one) => h("option", { value: one.id, "data-user": one.id }, `${one.name} · ${one.title}`)));
  }
  at("person").value = state.user;
  const channels = screen.channels.filter((one) => !one.is_dm);
  const direct = screen.channels.filter((one) => one.is_dm);
  at("places").replaceChildren(
    group("Bellwether", [...(screen.has_home ? [row("home", "⌂", "Home", [])] : []), ...direct.map((one) => row(one.id, drawn("🔔"), "Messages", one.recent))]),
    group("Channels", channels.map((one) => row(one.id, one.is_shared ? "⇄" : "#", one.name, one.recent, one))),
  );
}

const group = (name, rows) => h("section", {}, h("h2", {}, name), h("ul", {}, rows.map((one) => h("li", {}, one))));

function row(id, sign, name, recent, channel = {}) {
  const chosen = id === state.place;
  const readKey = `read:${state.user}:${id}`;
  if (chosen && recent.length) localStorage.setItem(readKey, recent.at(-1));
  const unread = recent.filter((ts) => ts > stored(readKey, "")).length;
  const badge = unread > 0 && h("span", { class: "badge", "aria-label": `${unread} unread` }, unread > 98 ? "99+" : unread);
  const kind = (chosen ? " chosen" : "") + (unread ? " unread" : "") + (channel.is_archived ? " archived" : "");
  return h(
    "button",
    { type: "button", class: "place" + kind, "data-channel": id, "aria-current": chosen ? "page" : null, title: channel.is_shared ? "Shared with another company" : null, onclick: () => go(id) },
    h("span", { class: "sign" }, sign), h("span", { class: "name" }, name), badge,
  );
}

function heading(title, topic) {
  at("title").textContent = title;
  at("topic").textContent = topic;
}

function drawHome(world) {
  heading("Bellwether", "Home");
  at("compose").hidden = true;
  closeThread();
  const { home } = state.screen;
  const form = home && formFor(`home:${home.id}`, world, { view_id: home.id });
  const entry = home
    ? ["home", JSON.stringify(home.blocks), () => h("div", { class: "home blocks" }, blocks(home.blocks, form))]
    : ["empty", state.user, () => h("p", { class: "empty" }, "Bellwether has not published a Home for you yet.")];
  reconcile(at("log"), [entry]);
}

function drawChannel(world) {
  const channel = world.channel(state.screen.channel);
  state.place = channel.id;
  heading(channel.is_dm ? "Bellwether" : `# ${channel.name}`, channel.is_dm ? "Messages to you alone" : `${channel.topic}${channel.is_shared ? " · shared with another company" : ""} · ${channel.count} people`);
  at("compose").hidden = channel.is_archived;
  at("composer").placeholder = channel.is_dm ? "Message Bellwether, or try /health" : `Message #${channel.name}, or try /health`;
  const log = at("log");
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80 || log.dataset.channel !== channel.id;
  if (log.dataset.channel !== channel.id) log.replaceChildren();
  log.dataset.channel = channel.id;
  const shown = state.screen.messages.filter((one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
  reconcile(log, entries(shown, world, { threads: true }));
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
  drawThread(world);
}

function entries(messages, world, { threads }) {
  const list = [];
  let before = null;
  for (const one of messages) {
    const newDay = !before || day(before, world) !== day(one, world);
    if (newDay && threads) list.push([`day:${one.ts}`, day(one, world), () => h("div", { class: "day" }, h("span", {}, day(one, world)))]);
    const joined = !newDay && before.user === one.user && Number(one.ts) - Number(before.ts) < 300 && !!before.is_ephemeral === !!one.is_ephemeral;
    const fingerprint = JSON.stringify([one, joined, threads, world.tz]);
    list.push([one.ts, fingerprint, () => message(one, { world, joined, threads, form: formFor(one.ts, world, { channel: state.screen.channel, ts: one.ts }), openThread })]);
    before = one;
  }
  return list;
}

function drawThread(world) {
  if (!state.thread) return closeThread();
  const mine = state.screen.messages.filter((one) => one.ts === state.thread || one.thread_ts === state.thread);
  if (!mine.length) return closeThread();
  at("thread").hidden = false;
  reconcile(at("thread-log"), entries(mine, world, { threads: false }));
}

function formFor(key, world, where) {
  if (!state.values.has(key)) state.values.set(key, {});
  const values = state.values.get(key);
  return { world, values, confirm: (question) => confirm(question, world), act: (item, blockId, raw) => click(item, blockId, raw, { ...where, values }) };
}

function showTime({ now, target }) {
  const you = state.screen?.members.find((one) => one.id === state.screen.you);
  if (!you) return;
  const options = { timeZone: you.tz, weekday: "short", month: "short", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit" };
  at("time-now").dateTime = now;
  at("time-now").textContent = new Intl.DateTimeFormat("en-US", options).format(new Date(now));
  at("time-now").title = `Story time, as it is for ${you.name} (${you.tz})`;
  const there = target && new Intl.DateTimeFormat("en-US", { timeZone: you.tz, month: "short", day: "numeric", hour: "numeric" }).format(new Date(target));
  at("time-moving").textContent = target ? `moving to ${there} …` : "";
  document.body.classList.toggle("moving", !!target);
}

// ---- doing -------------------------------------------------------------------------------------

const click = (item, blockId, raw, where) => send("click", { action_id: item.action_id, block_id: blockId, value: raw, ...where });

async function go(place) {
  state.place = place;
  state.thread = null;
  localStorage.setItem("place", place);
  if (place === "home") await send("home", {});
  else await look();
  if (place !== "home") at("composer").focus();
}

function openThread(ts) {
  state.thread = ts;
  at("thread-log").replaceChildren();
  draw();
  at("thread-composer").focus();
}

function closeThread() {
  state.thread = null;
  at("thread").hidden = true;
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

composer(at("compose"), at("composer"), (text) => {
  // Who says something wants to see the answer, however far up they have read.
  at("log").scrollTop = at("log").scrollHeight;
  const command = text.match(/^(\/[\w-]+)\s*([\s\S]*)$/);
  const channel = state.screen.channel;
  return command ? send("command", { channel, command: command[1], text: command[2] }) : send("message", { channel, text });
});
composer(at("thread-compose"), at("thread-composer"), (text) => send("message", { channel: state.screen.channel, text, thread_ts: state.thread }));

at("thread-close").addEventListener("click", closeThread);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) closeThread();
});
at("person").addEventListener("change", async () => {
  state.user = at("person").value;
  state.thread = null;
  localStorage.setItem("user", state.user);
  at("log").replaceChildren();
  await look();
  if (state.place === "home") await send("home", {});
});
for (const button of document.querySelectorAll("#timebar button")) {
  const { hours, days } = button.dataset;
  button.addEventListener("click", async () => {
    showTime(await ask("/sandbox/ask", hours ? { hours: Number(hours) } : { days: Number(days) }));
  });
}

await look();
if (state.place === "home") await send("home", {});
poll();
