// What the page asks the sandbox, and what it tells when the answer is no.

import { h } from "/page/dom.js";

const FAILURES = {
  dispatch_failed: "Bellwether is not connected.",
  operation_timeout: "Bellwether did not answer within three seconds.",
  not_available_to_external_people: "Slash commands and shortcuts are not available to people from other organizations.",
  is_archived: "This channel is archived.",
  unknown_command: "That is not a command here.",
  messages_tab_read_only: "Sending messages to Bellwether is turned off.",
};

export async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await fetch(path, options)).json();
}

// Carry out a deed. A refusal is told, unless it belongs to fields of a form.
export async function carryOut(deed, facts) {
  const answer = await ask(`/sandbox/do/${deed}`, facts);
  if (!answer.ok && !answer.errors) toast(FAILURES[answer.error] ?? `Slack says: ${answer.error}`);
  return answer;
}

function toast(text) {
  const place = document.getElementById("toasts");
  const node = h("div", { class: "toast" }, text);
  place.append(node);
  // Shown anew, to be above a dialog that was opened since.
  place.hidePopover();
  place.showPopover();
  setTimeout(() => {
    node.remove();
    if (!place.childElementCount) place.hidePopover();
  }, 5000);
}
