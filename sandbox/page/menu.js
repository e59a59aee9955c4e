// A button with a menu: arrow keys move, Enter picks, Escape closes and gives the focus back.

import { h } from "/page/dom.js";
import { open, watchOutside } from "/page/popup.js";

// `entries` is a function that makes the list when it is opened: [{content, value, pick}], content as nodes.
export function menuButton(attributes, sign, entries) {
  const button = h("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", ...attributes }, sign);
  let close = null;
  const show = (last = false) => {
    close?.();
    close = openMenu(button, entries(), { last, closed: () => { close = null; } });
  };
  button.addEventListener("click", () => (close ? close() : show()));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    show(event.key === "ArrowUp");
  });
  return button;
}

function openMenu(button, entries, { last, closed }) {
  const items = entries.map(({ content, value, pick }) =>
    h("button", { type: "button", role: "menuitem", tabindex: "-1", "data-value": value, onclick: () => { close(); pick(); } }, content),
  );
  const menu = open(button, { role: "menu", class: "popup menu", "aria-label": button.getAttribute("aria-label") }, items);
  const close = (refocus = true) => {
    menu.remove();
    stop();
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
    closed();
  };
  const stop = watchOutside([menu, button], () => close(false));
  menu.addEventListener("keydown", (event) => steer(event, items, close));
  button.setAttribute("aria-expanded", "true");
  items.at(last ? -1 : 0)?.focus();
  return close;
}

function steer(event, items, close) {
  const at = items.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  if (event.key in steps) items[(steps[event.key] + items.length) % items.length].focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  if (event.key !== "Tab") event.preventDefault();
  event.stopPropagation();
}
