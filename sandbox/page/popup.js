// What opens over the page beside something: a menu, or the options of a field.

import { h } from "/page/dom.js";

const GAP = 4;

// In the dialog of its anchor, as everything outside an open dialog is out of reach.
export function open(anchor, attributes, ...children) {
  const node = h("div", { popover: "manual", class: "popup", ...attributes }, ...children);
  (anchor.closest("dialog") ?? document.body).append(node);
  node.showPopover();
  place(node, anchor);
  return node;
}

// Below its anchor, or above where there is more room; never beyond the edge of the window.
export function place(node, anchor) {
  const at = anchor.getBoundingClientRect();
  const below = innerHeight - at.bottom - GAP;
  const above = at.top - GAP;
  const goesUp = below < Math.min(node.scrollHeight, 200) && above > below;
  node.style.maxHeight = `${Math.max(80, Math.min(320, (goesUp ? above : below) - GAP))}px`;
  node.style.minWidth = `${at.width}px`;
  node.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - node.offsetWidth - GAP))}px`;
  node.style.top = goesUp ? `${at.top - GAP - node.offsetHeight}px` : `${at.bottom + GAP}px`;
}

// Call `leave` at a press anywhere else, and when what it hangs on moves away. Returns what ends the watch.
export function watchOutside(nodes, leave) {
  const outside = (event) => !nodes.some((node) => node.contains(event.target)) && leave();
  const scrolled = (event) => !nodes.some((node) => node.contains(event.target)) && leave();
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", scrolled, true);
  addEventListener("resize", leave);
  return () => {
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", scrolled, true);
    removeEventListener("resize", leave);
  };
}
