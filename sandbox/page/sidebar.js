// The sidebar: who one is, and where one can look. On a phone it is a drawer.

import { h, reconcile } from "/page/dom.js";
import { drawn } from "/page/emoji.js";

const at = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 720px)");

export function drawSidebar(screen, { place, go }) {
  at("team").textContent = screen.team;
  const people = screen.members.filter((one) => one.is_person);
  if (at("person").options.length !== people.length) {
    at("person").replaceChildren(...people.map((one) => h("option", { value: one.id, "data-user": one.id }, `${one.name} · ${one.title}`)));
  }
  at("person").value = screen.you;
  const direct = screen.channels.filter((one) => one.is_dm);
  const channels = screen.channels.filter((one) => !one.is_dm);
  const row = (...facts) => entry(facts, { you: screen.you, place, go });
  const rows = {
    Bellwether: [...(screen.has_home ? [row("home", "⌂", "Home", [])] : []), ...direct.map((one) => row(one.id, drawn("🔔"), "Messages", one.recent))],
    Channels: channels.map((one) => row(one.id, one.is_shared ? "⇄" : "#", one.name, one.recent, one)),
  };
  reconcile(at("places"), Object.entries(rows).map(([name, list]) => [name, JSON.stringify(list.map((each) => each.print)), () => group(name, list)]));
  at("unread").hidden = !Object.values(rows).flat().some((each) => each.unread);
}

const group = (name, rows) => h("section", {}, h("h2", {}, name), h("ul", {}, rows.map((one) => h("li", {}, one.make()))));

function entry([id, sign, name, recent, channel = {}], { you, place, go }) {
  const chosen = id === place;
  const readKey = `read:${you}:${id}`;
  if (chosen && recent.length) localStorage.setItem(readKey, recent.at(-1));
  const unread = recent.filter((ts) => ts > (localStorage.getItem(readKey) ?? "")).length;
  const kind = (chosen ? " chosen" : "") + (unread ? " unread" : "") + (channel.is_archived ? " archived" : "");
  const badge = unread > 0 && h("span", { class: "badge", "aria-label": `${unread} unread` }, unread > 98 ? "99+" : unread);
  const title = channel.is_shared ? "Shared with another company" : null;
  const make = () =>
    h(
      "button",
      { type: "button", class: "place" + kind, "data-channel": id, "aria-current": chosen ? "page" : null, title, onclick: () => go(id) },
      h("span", { class: "sign" }, sign), h("span", { class: "name" }, name), badge,
    );
  return { unread, make, print: [id, name, unread, kind] };
}

// The drawer of a phone: out of reach while it is closed.
export function drawer(opener, closer) {
  const sidebar = at("sidebar");
  const set = (open) => {
    document.body.classList.toggle("drawer", open);
    sidebar.inert = narrow.matches && !open;
    opener.setAttribute("aria-expanded", open);
  };
  const close = () => {
    if (!document.body.classList.contains("drawer")) return false;
    set(false);
    opener.focus();
    return true;
  };
  opener.addEventListener("click", () => {
    set(true);
    sidebar.querySelector("[aria-current=page]")?.focus();
  });
  closer.addEventListener("click", close);
  narrow.addEventListener("change", () => set(false));
  set(false);
  return close;
}
