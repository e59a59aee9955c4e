// Links to messages: /archives/C0TEAM/p1787551200000001, for a reply with ?thread_ts=….

// Follow the address of the page, and from now on every such link in it. `show(channel, ts, thread)` returns the
// message's node, or null.
export async function followLinks(show) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !parse(new URL(link.href))) return;
    event.preventDefault();
    follow(new URL(link.href), show);
  });
  await follow(new URL(location.href), show);
}

function parse(address) {
  const found = address.origin === location.origin && address.pathname.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/);
  return found && [found[1], `${found[2]}.${found[3]}`, address.searchParams.get("thread_ts")];
}

async function follow(address, show) {
  const parts = parse(address);
  const node = parts && (await show(...parts));
  node?.scrollIntoView({ block: "center" });
  node?.classList.add("found");
}
