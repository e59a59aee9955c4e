// A command that waits for its answer: shown from its sending until the app says something there, or opens a modal.

const PATIENCE_MS = 20_000;
const node = document.getElementById("thinking");
const asked = new Map();

const latest = (screen) => screen.messages.at(-1)?.ts ?? "";

export function begin(screen) {
  asked.set(screen.channel, { since: latest(screen), until: Date.now() + PATIENCE_MS });
}

export function end(channel) {
  asked.delete(channel);
}

export function draw(screen, place) {
  const waiting = asked.get(screen.channel);
  const answered = waiting && screen.messages.some((one) => one.ts > waiting.since && one.user !== screen.you);
  if (answered || screen.modal || Date.now() > waiting?.until) end(screen.channel);
  node.hidden = !asked.has(screen.channel) || place === "home";
}
