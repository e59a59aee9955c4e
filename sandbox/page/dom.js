// The one way this page makes elements. Text is always text, never HTML.

export function h(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  apply(node, attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  apply(node, attributes);
  node.append(...children.flat());
  return node;
}

function apply(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
}

// Only these may be followed: customers' text must not smuggle in a script.
export function link(address, ...children) {
  if (!/^(https?|mailto|tel):/i.test(address)) return h("span", {}, ...children);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

// Bring a list's children in line with `items` ([key, fingerprint, make]) and leave what did not change alone,
// so that a half-typed answer survives news elsewhere. The focus stays on what takes the place of what had it.
export function reconcile(parent, items) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let before = null;
  let refocus = null;
  for (const [key, fingerprint, make] of items) {
    let node = old.get(key);
    old.delete(key);
    if (!node || node.fingerprint !== fingerprint) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.fingerprint = fingerprint;
      if (node?.contains(document.activeElement)) refocus = focusIn(fresh, document.activeElement);
      node?.remove();
      node = fresh;
    }
    const place = before ? before.nextSibling : parent.firstChild;
    if (place !== node) parent.insertBefore(node, place);
    before = node;
  }
  for (const node of old.values()) node.remove();
  refocus?.();
}

// Focuses in `fresh` what corresponds to `held`, or the whole of it where that is gone.
function focusIn(fresh, held) {
  const names = ["data-action-id", "data-block-id", "data-channel", "data-focus"].filter((name) => held.hasAttribute(name));
  const selector = names.map((name) => `[${name}="${CSS.escape(held.getAttribute(name))}"]`).join("");
  return () => {
    const same = selector && fresh.querySelector(selector);
    if (!same) fresh.tabIndex = -1;
    (same || fresh).focus({ preventScroll: true });
  };
}
